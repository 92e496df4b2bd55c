//! Somebody takes parts of the datapath away.

use std::time::Instant;

use wgtrace_lab::control::Daemon;
use wgtrace_testbed::within;

use crate::canary::Canary;
use crate::extra::Extra;
use crate::traffic::{Traffic, median};
use crate::watch::Watch;
use crate::world::{NET, WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_tunnel_that_is_removed_is_made_again() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        world.node(WORKER).network().delete("cilium_wg0").unwrap();
        traffic.wait_more(20);
        let (gaps, most) = traffic.gaps_since(begin);
        assert!(gaps.iter().all(|gap| *gap < most), "{gaps:?}, {most:?}");
        all.extend(gaps);
    }
    eprintln!("tunnel removed: longest gaps {all:?}, median {:?}", median(all.clone()));
    world.wait_ready(WORKER, 2);
    traffic.stop();
    watch.stop().assert_clean("tunnel removed");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn rules_routes_and_programs_that_are_removed_come_back() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let begin = Instant::now();
    world.on(WORKER, "ip rule del priority 1");
    // what was marked follows the main table, to the guard
    traffic.wait_more(20);
    world.on(WORKER, "ip route flush table 201");
    traffic.wait_more(20);
    let (gaps, most) = traffic.gaps_since(begin);
    eprintln!("rule and table 201 removed: longest gaps {gaps:?}, median {:?}", median(gaps.clone()));
    assert!(gaps.iter().all(|gap| *gap < most), "{gaps:?}, {most:?}");
    let net = world.pod(NET);
    let device = world.node(WORKER).network().link(net.host_device()).unwrap().index;
    let pin = format!("/sys/fs/bpf/wgtrace/links/{device}-from-container");
    world.on(WORKER, &format!("rm {pin}"));
    // there is nobody to vouch for the pod's packets
    traffic.wait_sent(100);
    within("all of it is put right", || {
        let rules = world.on(WORKER, "ip rule show");
        let table = world.on(WORKER, "ip route show table 201");
        let pins = world.on(WORKER, "ls /sys/fs/bpf/wgtrace/links");
        let is_right = rules.contains("fwmark 0xe00/0xf00 lookup 201")
            && table.contains("default dev cilium_wg0")
            && table.contains("unreachable default")
            && pins.contains(&format!("{device}-from-container"));
        is_right.then_some(())
    });
    eprintln!("put right after {:?}", begin.elapsed());
    traffic.wait_more(20);
    traffic.stop();
    watch.stop().assert_clean("rule, table and program removed");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_any_program_and_any_daemon_pods_are_cut_off() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    // of pods alone: what a node itself sends has the guard, which is one of the programs
    let traffic = Traffic::of_pods(&world, &canary);
    world.daemon(Daemon::Kill, WORKER);
    // what holds the programs where they are
    world.on(WORKER, "umount /sys/fs/bpf");
    traffic.wait_sent(200);
    world.on(WORKER, "mount -t bpf bpf /sys/fs/bpf");
    world.daemon(Daemon::Start, WORKER);
    traffic.wait_more(20);
    let kept_in = world.lost(WORKER, "forward: no program has seen what this pod sends");
    assert!(kept_in > 100, "{:?}", world.status(WORKER).losses);
    Extra::new(&world, WORKER, 1).add(0, "").unwrap();
    traffic.stop();
    watch.stop().assert_clean("programs gone");
}

const ROUNDS: usize = 3;
