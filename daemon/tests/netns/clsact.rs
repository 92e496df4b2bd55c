//! The way of older kernels, which newer ones still know: clsact filters.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use wgtrace_abi::{Gate, Hook, names};
use wgtrace_testbed::bpf::{Code, Direction, Program, RunCounting};
use wgtrace_testbed::{Flood, Line, Namespace, Sink};
use wgtraced::probe::attach::{Attached, Mechanism, sweep};

use crate::listener::{Listener, interface};
use crate::{kernel, wait};

const HOOK: Hook = Hook::ToNetdev;

fn flood(line: &Line) -> Result<()> {
    assert_eq!(line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??, 100);
    Ok(())
}

fn filter(namespace: &Namespace) -> Result<(Listener<'_>, Attached)> {
    let mut listener = Listener::new(namespace)?;
    listener.instance.use_mechanism(Mechanism::Clsact);
    let device = interface(namespace, "eth0")?;
    let attached = namespace.run(|| listener.instance.attach(&device, HOOK))??;
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
    let (mut listener, attached) = filter(&line.left)?;
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
    if let Some(namespace) = env::var_os(ROLE) {
        return hold(Path::new(&namespace));
    }
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let theirs = Program::load("theirs", Code::Next)?;
    theirs.attach_filter(&line.left, "eth0", Direction::Egress, 1)?;

    let mut run = victim(&line)?;
    let program = kernel::program_of(run.id(), names::program(HOOK))?;
    run.kill()?;
    run.wait()?;
    wait::within(wait::SOON, "a deaf gate", || {
        flood(&line)?;
        Ok(kernel::counters(&program, HOOK)?.unheard > 0)
    })?;
    let before = kernel::counters(&program, HOOK)?;
    flood(&line)?;
    let after = kernel::counters(&program, HOOK)?;
    assert_eq!((after.unheard - before.unheard, after.produced), (100, before.produced));

    let device = [interface(&line.left, "eth0")?];
    assert_eq!(line.left.run(|| sweep(&device))??, 1);
    assert_eq!(line.left.run(|| sweep(&device))??, 0);
    let theirs_before = theirs.runs()?;
    flood(&line)?;
    assert_eq!((kernel::counters(&program, HOOK)?, theirs.runs()?), (after, theirs_before + 100));
    Ok(())
}

/// This test's program once more, as the run that is killed: it has attached its filter.
fn victim(line: &Line) -> Result<Child> {
    let test = "clsact::a_filter_that_a_killed_run_left_turns_deaf_and_is_swept_by_name";
    let mut child = Command::new(env::current_exe()?)
        .args(["--ignored", "--exact", "--nocapture", test])
        .env(ROLE, line.left.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.as_mut().context("its output")?;
    let attached = BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.ends_with(ATTACHED));
    ensure!(attached, "the run to be killed attached nothing: {}", child.wait()?);
    Ok(child)
}

/// Attaches, says so, and waits to be killed.
fn hold(namespace: &Path) -> Result<()> {
    let namespace = Namespace::open(namespace)?;
    let (mut listener, _) = filter(&namespace)?;
    println!("{ATTACHED}");
    loop {
        listener.rings.wait(Duration::from_secs(1))?;
    }
}

/// Set for the run that is killed: its namespace.
const ROLE: &str = "WGTRACE_TEST_CLSACT_NETNS";
const ATTACHED: &str = "attached";
