//! Gates, filters and sampling: what is not wanted is counted, not sent.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_setaffinity};
use wgtrace_abi::{Filter, Hook, HookCounters, PortRange, Prefix, Rule};
use wgtrace_testbed::bpf::RunCounting;
use wgtrace_testbed::{Flood, Line, Sink};
use wgtraced::probe::instance::Instance;

use crate::listener::{Listener, interface};

const HOOK: Hook = Hook::ToNetdev;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn behind_a_closed_gate_nothing_happens() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let mut listener = Listener::new(&line.left)?;
    listener.attach("eth0", HOOK)?;
    send(&line, 9, 100)?;
    assert_eq!((listener.seen().len(), listener.runs(HOOK)?), (0, 100));
    assert_eq!(listener.counters(HOOK)?, HookCounters::default());

    listener.instance.open_gate(HOOK, 64, 1)?;
    send(&line, 9, 100)?;
    listener.instance.close_gate(HOOK)?;
    send(&line, 9, 100)?;
    assert_eq!((listener.seen().len(), listener.runs(HOOK)?), (100, 300));
    assert_eq!(listener.counters(HOOK)?.runs(), 100);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn filters_are_exact_and_change_while_packets_flow() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let mut listener = Listener::at_the_exit(&line)?;
    for (port, wanted) in [(9, 0), (10, 100), (9, 0)] {
        listener.instance.set_filter(HOOK, &to_port(10))?;
        send(&line, port, 100)?;
        assert_eq!(listener.count(HOOK), wanted);
    }
    listener.instance.set_filter(HOOK, &to_port(9))?;
    send(&line, 9, 50)?;
    listener.instance.set_filter(HOOK, &Filter::default())?;
    send(&line, 10, 50)?;
    assert_eq!(listener.count(HOOK), 100);
    let counters = listener.counters(HOOK)?;
    assert_eq!((counters.produced, counters.filtered), (200, 200));
    assert_eq!(counters.runs(), listener.runs(HOOK)?);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn each_condition_keeps_what_it_names() -> Result<()> {
    let line = Line::new()?;
    let mut listener = Listener::at_the_exit(&line)?;
    let right = Prefix::new(Line::RIGHT, 32).unwrap();
    let elsewhere = Prefix::new([192, 0, 2, 0].into(), 24).unwrap();
    let rule = Rule::default();
    let tcp = Rule { protocol: 6, flags: Rule::PROTOCOL, ..rule };
    let rules = [
        (Rule { destination: right, ..rule }, true),
        (Rule { source: right, ..rule }, false),
        (Rule { source: right, flags: Rule::BOTH_WAYS, ..rule }, true),
        (Rule { destination: elsewhere, ..rule }, false),
        (Rule { protocol: 17, flags: Rule::PROTOCOL, ..rule }, true),
        (tcp, false),
        (Rule { ethertype: 0x0800, ..rule }, true),
        (Rule { ethertype: 0x86dd, ..rule }, false),
        (Rule { flags: Rule::WIREGUARD, ..rule }, false),
        (Rule { destination_ports: PortRange { low: 5, high: 9 }, ..rule }, true),
    ];
    for (rule, is_wanted) in rules {
        let mut filter = Filter { count: 2, ..Filter::default() };
        (filter.rules[0], filter.rules[1]) = (tcp, rule);
        listener.instance.set_filter(HOOK, &filter)?;
        send(&line, 9, 10)?;
        assert_eq!(listener.count(HOOK), if is_wanted { 10 } else { 0 }, "{rule:?}");
    }
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn sampling_keeps_the_first_and_then_one_in_so_many_per_cpu() -> Result<()> {
    let line = Line::new()?;
    let mut listener = Listener::at_the_exit(&line)?;
    listener.instance.open_gate(HOOK, 64, 10)?;
    send(&line, 9, 1000)?;
    let seen = listener.seen();
    assert_eq!(seen.len(), 100);
    assert!(seen.iter().all(|seen| seen.event.sampling == 10));
    let counters = listener.counters(HOOK)?;
    assert_eq!((counters.produced, counters.sampled_out, counters.runs()), (100, 900, 1000));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_cpu_without_a_ring_counts_what_nobody_hears_until_it_is_connected() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let mut listener = Listener::new(&line.left)?;
    // one that was never connected to any ring
    listener.instance = Instance::load(line.left.inode()?)?;
    listener.open("eth0", HOOK)?;
    send(&line, 9, 100)?;
    let deaf = listener.counters(HOOK)?;
    assert_eq!((deaf.unheard, deaf.produced, deaf.lost()), (100, 0, 0));

    listener.instance.connect(&listener.rings)?;
    send(&line, 9, 100)?;
    let seen = listener.seen();
    assert_eq!(seen.iter().map(|seen| seen.event.sequence).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    let heard = listener.counters(HOOK)?;
    assert_eq!((heard.unheard, heard.produced, heard.runs()), (100, 100, listener.runs(HOOK)?));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_interfaces_of_one_role_share_their_hook_and_keep_their_events() -> Result<()> {
    let line = Line::new()?;
    line.left.veth("eth1", (&line.right, "eth1"))?;
    for namespace in [&line.left, &line.right] {
        namespace.up("eth1")?;
    }
    line.left.wait_up("eth1")?;
    let mut listener = Listener::at_the_exit(&line)?;
    listener.attach("eth1", HOOK)?;
    send(&line, 9, 10)?;
    let second = interface(&line.left, "eth1")?.index;
    let frame = crate::packet::ethernet(0x88b5, &[0; 50]);
    line.left.run(|| wgtrace_testbed::FrameSender::open("eth1")?.repeat(&frame, 5))??;
    let (there, here): (Vec<_>, Vec<_>) =
        listener.seen().into_iter().partition(|seen| seen.event.ifindex == second);
    assert_eq!((here.len(), there.len()), (10, 5));
    assert_eq!(listener.counters(HOOK)?.produced, 15);
    Ok(())
}

/// Sends datagrams from one CPU, which is the one that counts.
fn send(line: &Line, port: u16, count: u64) -> Result<()> {
    let _sink = line.right.run(|| Sink::bind(Line::right_port(port)))??;
    line.left.run(|| -> Result<()> {
        let mut first = CpuSet::new();
        first.set(0);
        sched_setaffinity(None, &first)?;
        let sent = Flood::new(Line::right_port(port), count, 64).send()?;
        assert_eq!(sent, count);
        Ok(())
    })?
}

fn to_port(port: u16) -> Filter {
    let mut filter = Filter { count: 1, ..Filter::default() };
    filter.rules[0] = Rule { destination_ports: PortRange::one(port), ..Rule::default() };
    filter
}
