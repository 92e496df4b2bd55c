//! The tap sees what really entered or left.

use anyhow::Result;
use wgtrace_abi::Hook;
use wgtrace_testbed::bpf::{Code, Direction, Program, RunCounting};
use wgtrace_testbed::{Flood, Line, ping};

use crate::listener::Listener;
use crate::tracer::Tracer;

/// A line whose left end has another way out, unused so far.
fn fork() -> Result<(Line, Program)> {
    let line = Line::new()?;
    line.left.veth("other", (&line.right, "other"))?;
    line.left.up("other")?;
    line.right.up("other")?;
    line.left.wait_up("other")?;
    let elsewhere = Program::load("elsewhere", Code::Redirect(line.left.link("other")?.index))?;
    Ok((line, elsewhere))
}

fn flood(line: &Line, count: u64) -> Result<()> {
    assert_eq!(line.left.run(|| Flood::new(Line::right_port(9), count, 64).send())??, count);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn packets_that_are_redirected_behind_our_hook_have_not_left() -> Result<()> {
    let (line, elsewhere) = fork()?;
    let mut listener = Listener::at_the_exit(&line)?;
    listener.tap("eth0")?;
    let place = elsewhere.attach(&line.left, "eth0", Direction::Egress)?;
    flood(&line, 100)?;
    assert_eq!(line.right.link("other")?.received, 100);
    let seen = listener.seen();
    assert_eq!(seen.len(), 100);
    assert!(seen.iter().all(|seen| seen.event.hook() == Some(Hook::ToNetdev)));

    drop(place);
    // nobody listens there: each datagram is answered, but not all of them
    let sent = line.left.run(|| Flood::new(Line::right_port(9), 1, 64).send())??;
    assert_eq!(sent, 1);
    let hooks: Vec<_> = listener.seen().iter().filter_map(|seen| seen.event.hook()).collect();
    assert_eq!(hooks, [Hook::ToNetdev, Hook::TapOut, Hook::TapIn]);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_tap_of_the_command_reports_none_of_what_went_elsewhere() -> Result<()> {
    let (line, elsewhere) = fork()?;
    let tracer = Tracer::start(&line.left, &["--iface", "eth0", "--tap"])?;
    let _place = elsewhere.attach(&line.left, "eth0", Direction::Egress)?;
    flood(&line, 1000)?;
    let report = tracer.stop()?;
    assert_eq!((report.count("to-netdev"), report.count("tap-out")), (1000, 0));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_tap_runs_once_for_each_packet_both_ways() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let mut listener = Listener::new(&line.left)?;
    listener.tap("eth0")?;
    let std::net::IpAddr::V4(right) = Line::RIGHT else { unreachable!("the line speaks IPv4") };
    line.left.run(|| ping(right, 50, 56))??;
    let seen = listener.seen();
    let out = seen.iter().filter(|seen| seen.event.hook() == Some(Hook::TapOut)).count();
    assert_eq!((out, seen.len()), (50, 100));
    // frames, from their link layer on
    assert!(seen.iter().all(|seen| seen.event.len == 98 && seen.bytes[12..14] == [8, 0]));
    assert_eq!(listener.runs(Hook::TapOut)?, 100);
    assert_eq!(listener.counters(Hook::TapIn)?.produced, 50);
    Ok(())
}
