//! Sent, produced and delivered are one number.

use anyhow::Result;
use aya::programs::TcAttachType;
use serde_json::json;
use wgtrace_abi::{Hook, names};
use wgtrace_testbed::bpf::RunCounting;
use wgtrace_testbed::{Flood, FrameSender, Line, Sink};

use crate::tracer::{Tracer, holds};
use crate::{cases, kernel};

/// Room for a whole flood, so that nothing can be lost however slow the machine.
const ROOMY: [&str; 2] = ["--buffer-pages", "4096"];

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_flood_is_sent_produced_and_delivered_to_the_packet() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let tracer = Tracer::start(&line.left, &[&["--iface", "eth0"], &ROOMY[..]].concat())?;
    let sent = line.left.run(|| Flood::new(Line::right_port(9), 20_000, 64).send())??;
    let program = names::program(Hook::ToNetdev);
    let runs = kernel::tcx_runs(&line.left, "eth0", TcAttachType::Egress, program)?;
    let report = tracer.stop()?;
    assert_eq!((sent, runs), (20_000, Some(20_000)));
    assert_eq!(report.count("to-netdev"), sent);
    let ledger = report.ledger()?;
    assert_eq!((ledger.produced, ledger.delivered, ledger.lost), (sent, sent, 0));
    assert!(ledger.is_exact);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_tap_of_the_command_counts_to_the_packet_too() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let tracer = Tracer::start(&line.right, &[&["--iface", "eth0", "--tap"], &ROOMY[..]].concat())?;
    let sent = line.left.run(|| Flood::new(Line::right_port(9), 10_000, 64).send())??;
    let runs = kernel::runs_of(tracer.pid(), names::program(Hook::TapIn))?;
    let report = tracer.stop()?;
    assert_eq!((report.count("tap-in"), report.count("from-netdev"), runs), (sent, sent, sent));
    let ledger = report.ledger()?;
    assert_eq!((ledger.produced, ledger.delivered, ledger.is_exact), (2 * sent, 2 * sent, true));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn every_kind_of_frame_is_shown_as_what_it_is() -> Result<()> {
    let line = Line::with_mtu(9000)?;
    let tracer = Tracer::start(&line.left, &["--iface", "eth0"])?;
    let cases = cases::all();
    line.left.run(|| {
        let sender = FrameSender::open("eth0")?;
        cases.iter().try_for_each(|case| sender.send(&case.frame))
    })??;
    let report = tracer.stop()?;
    assert_eq!(report.packets.len(), cases.len());
    for (case, packet) in cases.iter().zip(&report.packets) {
        assert!(holds(packet, &case.shown), "{}: {packet} without {}", case.name, case.shown);
        let place = json!({"iface": "eth0", "hook": "to-netdev", "len": case.frame.len()});
        assert!(holds(packet, &place), "{}: {packet}", case.name);
    }
    assert!(report.ledger()?.is_exact);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn tags_are_shown_alike_wherever_the_kernel_keeps_them() -> Result<()> {
    let line = Line::new()?;
    let cases = cases::all();
    let mut tracers =
        [Tracer::start(&line.left, &["--iface", "eth0"])?, Tracer::start(&line.right, &["--iface", "eth0"])?];
    for name in ["vlan", "qinq"] {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        line.left.run(|| FrameSender::open("eth0")?.send(&case.frame))??;
        for tracer in &mut tracers {
            let packet = tracer.next_packet()?;
            assert!(holds(&packet, &case.shown), "{packet} without {}", case.shown);
        }
    }
    Ok(())
}
