//! A reader that stalls loses events, says so, and holds nobody up.

use anyhow::Result;
use aya::programs::TcAttachType;
use rustix::process::Signal;
use wgtrace_abi::{Hook, names};
use wgtrace_testbed::bpf::RunCounting;
use wgtrace_testbed::{Flood, Line, Sink};

use crate::kernel;
use crate::tracer::Tracer;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_stopped_reader_loses_events_and_every_one_is_accounted_for() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let tracer = Tracer::start(&line.left, &["--iface", "eth0", "--buffer-pages", "8"])?;
    let flood = |count| line.left.run(|| Flood::new(Line::right_port(9), count, 64).send())?;
    flood(100)?;
    tracer.signal(Signal::STOP)?;
    let stopped = std::time::Instant::now();
    let mut sent = 100;
    // datagrams keep leaving though nobody reads
    while stopped.elapsed().as_secs() < 1 {
        sent += flood(5_000)?;
    }
    tracer.signal(Signal::CONT)?;
    sent += flood(100)?;

    let program = names::program(Hook::ToNetdev);
    assert_eq!(kernel::tcx_runs(&line.left, "eth0", TcAttachType::Egress, program)?, Some(sent));
    let report = tracer.stop()?;
    let ledger = report.ledger()?;
    assert_eq!(ledger.produced, sent);
    assert!(ledger.lost > 0);
    assert_eq!(ledger.produced, ledger.delivered + ledger.lost);
    assert_eq!(report.count("to-netdev"), ledger.delivered);
    assert!(ledger.is_exact);
    assert!(report.lost_lines() > 0, "the loss is shown where it happened");
    assert_eq!(line.left.link("eth0")?.sent, sent);
    Ok(())
}
