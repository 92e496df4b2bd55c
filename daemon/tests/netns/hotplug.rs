//! CPUs that come and go.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_setaffinity};
use wgtrace_abi::Hook;
use wgtrace_testbed::{Flood, Line, Sink};
use wgtraced::probe::ring::Refreshed;

use crate::listener::Listener;

/// A CPU that was switched off; it comes back with the end of this.
struct Unplugged {
    switch: PathBuf,
}

impl Unplugged {
    fn new(switch: &Path) -> Result<Self> {
        fs::write(switch, "0").with_context(|| format!("cannot switch off by {}", switch.display()))?;
        Ok(Self { switch: switch.to_owned() })
    }

    fn plug(&self) -> Result<()> {
        fs::write(&self.switch, "1").with_context(|| format!("cannot switch on by {}", self.switch.display()))
    }
}

impl Drop for Unplugged {
    fn drop(&mut self) {
        if let Err(error) = self.plug() {
            eprintln!("CPU 1 stays off: {error:#}");
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_cpu_that_comes_back_is_heard_again_and_nothing_is_unaccounted() -> Result<()> {
    let line = Line::new()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let mut listener = Listener::at_the_exit(&line)?;
    let Some(switch) = switch() else { return stays_as_it_is(&mut listener) };
    send_from(1, &line, 100)?;
    let cpu = Unplugged::new(switch)?;
    send_from(0, &line, 100)?;
    let mut delivered = listener.seen().len() as u64;
    assert_eq!(delivered, 200);
    assert_eq!(listener.rings.refresh()?.removed, [1]);

    cpu.plug()?;
    // nobody has noticed yet
    send_from(1, &line, 100)?;
    assert_eq!(listener.rings.refresh()?.added, [1]);
    listener.instance.connect(&listener.rings)?;
    send_from(1, &line, 100)?;
    let seen = listener.seen();
    assert!(seen.iter().filter(|seen| seen.cpu == 1).count() >= 100);
    delivered += seen.len() as u64;
    let counters = listener.counters(Hook::ToNetdev)?;
    assert_eq!(counters.runs(), 400);
    assert_eq!(counters.produced, delivered + counters.lost());
    assert!(delivered >= 300);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_cpu_that_was_away_between_two_looks_is_heard_again() -> Result<()> {
    let line = Line::new()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let mut listener = Listener::at_the_exit(&line)?;
    let Some(switch) = switch() else { return stays_as_it_is(&mut listener) };
    send_from(1, &line, 100)?;
    drop(Unplugged::new(switch)?);
    // into the ring of an event that is dead: lost, and counted so
    send_from(1, &line, 100)?;
    let mut delivered = listener.seen().len() as u64;
    assert_eq!(listener.counters(Hook::ToNetdev)?.lost(), 200 - delivered);
    // the first look sees how long it lived, the second that it is no longer
    thread::sleep(A_LOOK);
    assert_eq!(listener.rings.refresh()?, Refreshed::default());
    thread::sleep(A_LOOK);
    assert_eq!(listener.rings.refresh()?, Refreshed { added: vec![1], removed: vec![1] });
    listener.instance.connect(&listener.rings)?;
    for _ in 0..3 {
        send_from(1, &line, 100)?;
        delivered += listener.seen().len() as u64;
        thread::sleep(A_LOOK);
        assert_eq!(listener.rings.refresh()?, Refreshed::default(), "those that live stay");
    }
    let counters = listener.counters(Hook::ToNetdev)?;
    assert_eq!((counters.runs(), counters.produced), (500, 500));
    assert_eq!(counters.lost(), 500 - delivered);
    assert!(delivered >= 400, "{delivered} of 500 came");
    Ok(())
}

/// What switches CPU 1, on a machine where it can go.
fn switch() -> Option<&'static Path> {
    Some(Path::new("/sys/devices/system/cpu/cpu1/online")).filter(|switch| switch.exists())
}

/// No CPU of this machine can go; then none may seem to.
fn stays_as_it_is(listener: &mut Listener<'_>) -> Result<()> {
    thread::sleep(A_LOOK);
    assert_eq!(listener.rings.refresh()?, Refreshed::default());
    Ok(())
}

fn send_from(cpu: usize, line: &Line, count: u64) -> Result<()> {
    line.left.run(|| -> Result<()> {
        let mut one = CpuSet::new();
        one.set(cpu);
        sched_setaffinity(None, &one).with_context(|| format!("cannot run on CPU {cpu}"))?;
        assert_eq!(Flood::new(Line::right_port(9), count, 64).send()?, count);
        Ok(())
    })?
}

/// So long that a ring that stands still tells.
const A_LOOK: Duration = Duration::from_millis(200);
