//! Our programs go first and are in nobody's way.

use anyhow::Result;
use aya::programs::TcAttachType;
use wgtrace_abi::{Hook, names};
use wgtrace_testbed::bpf::{Code, Direction, Program, RunCounting};
use wgtrace_testbed::{Flood, Line, Sink};

use crate::kernel;
use crate::listener::Listener;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn we_see_packets_before_a_program_that_was_there_and_ends_them() -> Result<()> {
    let line = Line::new()?;
    let accept = Program::load("theirs", Code::Accept)?;
    let _there = accept.attach(&line.left, "eth0", Direction::Egress)?;
    let mut listener = Listener::at_the_exit(&line)?;
    let order = kernel::tcx(&line.left, "eth0", TcAttachType::Egress)?;
    assert_eq!(order, [names::program(Hook::ToNetdev), "theirs"]);
    line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??;
    assert_eq!(listener.count(Hook::ToNetdev), 100);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn programs_behind_ours_still_see_every_packet() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let mut listener = Listener::at_the_exit(&line)?;
    let mut entry = Listener::new(&line.right)?;
    entry.open("eth0", Hook::FromNetdev)?;
    let [behind, filter, there] = [
        Program::load("behind", Code::Next),
        Program::load("filter", Code::Next),
        Program::load("there", Code::Next),
    ];
    let (behind, filter, there) = (behind?, filter?, there?);
    let _places = [
        behind.attach(&line.left, "eth0", Direction::Egress)?,
        there.attach(&line.right, "eth0", Direction::Ingress)?,
    ];
    filter.attach_filter(&line.left, "eth0", Direction::Egress, 1)?;

    line.left.run(|| Flood::new(Line::right_port(9), 1000, 64).send())??;
    assert_eq!((listener.count(Hook::ToNetdev), entry.count(Hook::FromNetdev)), (1000, 1000));
    assert_eq!((behind.runs()?, filter.runs()?, there.runs()?), (1000, 1000, 1000));
    assert_eq!(line.right.link("eth0")?.received, 1000);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn detaching_leaves_what_is_not_ours() -> Result<()> {
    let line = Line::new()?;
    let theirs = Program::load("theirs", Code::Next)?;
    let _there = theirs.attach(&line.left, "eth0", Direction::Egress)?;
    let egress = || kernel::tcx(&line.left, "eth0", TcAttachType::Egress);
    let mut listener = Listener::at_the_exit(&line)?;
    let index = line.left.link("eth0")?.index;
    line.left.run(|| listener.instance.detach(index))??;
    assert_eq!(egress()?, ["theirs"]);
    listener.open("eth0", Hook::ToNetdev)?;
    assert_eq!(egress()?.len(), 2);
    drop(listener);
    assert_eq!(egress()?, ["theirs"]);
    Ok(())
}
