//! The way of older kernels, which newer ones still know: clsact filters.

use anyhow::Result;
use wgtrace_abi::{Gate, Hook, names};
use wgtrace_testbed::bpf::{Code, Direction, Program, RunCounting};
use wgtrace_testbed::{Flood, Line, Sink};
use wgtraced::probe::attach::{Attached, Mechanism, sweep};

use crate::listener::{Listener, interface};

const HOOK: Hook = Hook::ToNetdev;

fn flood(line: &Line) -> Result<()> {
    assert_eq!(line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??, 100);
    Ok(())
}

fn filter(line: &Line) -> Result<(Listener<'_>, Attached)> {
    let mut listener = Listener::new(&line.left)?;
    listener.instance.use_mechanism(Mechanism::Clsact);
    let device = interface(&line.left, "eth0")?;
    let attached = line.left.run(|| listener.instance.attach(&device, HOOK))??;
    listener.instance.open_gate(HOOK, Gate::DEFAULT_SNAPLEN, 1)?;
    Ok((listener, attached))
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn filters_see_every_packet_before_those_of_others_and_let_it_pass() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let theirs = Program::load("theirs", Code::Accept)?;
    theirs.attach_filter(&line.left, "eth0", Direction::Egress, 1)?;
    let (mut listener, attached) = filter(&line)?;
    assert_eq!(attached, Attached::Clsact { priority: 1 });
    flood(&line)?;
    assert_eq!((listener.count(HOOK), theirs.runs()?, line.left.link("eth0")?.sent), (100, 100, 100));
    drop(listener);
    flood(&line)?;
    assert_eq!(theirs.runs()?, 200, "only ours went");
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_filter_that_a_killed_run_left_turns_deaf_and_is_swept_by_name() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let theirs = Program::load("theirs", Code::Next)?;
    theirs.attach_filter(&line.left, "eth0", Direction::Egress, 1)?;
    let (Listener { rings, instance, .. }, _) = filter(&line)?;
    // as after SIGKILL: nothing is detached, and the rings are gone
    let instance = std::mem::ManuallyDrop::new(instance);
    drop(rings);
    flood(&line)?;
    let unheard: u64 = instance.counters()?.iter().map(|(_, _, counters)| counters.unheard).sum();
    assert_eq!(unheard, 100);

    let device = [interface(&line.left, "eth0")?];
    assert_eq!(line.left.run(|| sweep(&device))??, 1);
    assert_eq!(line.left.run(|| sweep(&device))??, 0);
    flood(&line)?;
    let ran = instance.programs()?.into_iter().find(|one| one.name == names::program(HOOK)).map(|one| one.runs);
    assert_eq!((ran, theirs.runs()?), (Some(100), 200));
    Ok(())
}
