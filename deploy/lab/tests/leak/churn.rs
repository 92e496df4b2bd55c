//! Pods come and go.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::canary::Canary;
use crate::extra::Extra;
use crate::traffic::{Flow, Traffic, median};
use crate::watch::Watch;
use crate::world::{NET, WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn pods_come_and_go_while_others_send_to_their_addresses() {
    let world = World::up();
    let canary = Canary::new();
    let extra = Extra::new(&world, WORKER2, POOL.len());
    let before = extra.remains();
    let watch = Watch::start(&world.lab, &canary);
    let mut traffic = Traffic::start(&world, &canary);
    for address in POOL {
        let to = format!("10.0.2.{address}");
        traffic.udp_to(world.pod(NET).place(), format!("{to}:7009").parse().unwrap());
        traffic.ping(world.pod(NET).place(), to.parse().unwrap());
        traffic.ping(world.node(WORKER).place(), to.parse().unwrap());
    }
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        extra.each(|number| {
            let address = format!("10.0.2.{}", POOL[number]);
            assert_eq!(extra.add(number, &address).unwrap(), format!("{address}/32"));
        });
        // those that are there answer
        for flow in traffic.flows.iter().filter(|flow| is_to_extra(flow)) {
            let before = flow.arrived();
            wgtrace_testbed::within(flow.name(), || (flow.arrived() > before + 1).then_some(()));
        }
        extra.each(|number| extra.delete(number));
    }
    let (gaps, most) = traffic.gaps_since(begin);
    eprintln!("longest gaps of other pods' datagrams: {gaps:?}, median {:?}", median(gaps.clone()));
    assert!(gaps.iter().all(|gap| *gap < most), "{gaps:?}, {most:?}");
    assert_eq!(extra.remains(), before);
    traffic.stop();
    watch.stop().assert_clean("pod churn");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_hundred_at_once_share_no_address_leave_nothing_and_stop_nobody() {
    let world = World::up();
    let canary = Canary::new();
    let extra = Extra::new(&world, WORKER, MANY);
    let before = extra.remains();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::between_pods(&world, &canary);
    let begin = Instant::now();
    let addresses = extra.each(|number| extra.add(number, "").unwrap());
    let added = begin.elapsed();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), MANY);
    let own = world.lab.pods().iter().map(|pod| format!("{}/32", pod.address()));
    assert!(own.into_iter().all(|address| !addresses.contains(&address)), "{addresses:?}");
    // every second one is deleted twice, at once
    extra.each(|number| {
        std::thread::scope(|scope| {
            for _ in 0..=number % 2 {
                scope.spawn(|| extra.delete(number));
            }
        });
    });
    let took = begin.elapsed();
    let (gaps, most) = traffic.gaps_since(begin);
    eprintln!(
        "{MANY} added in {added:?}, gone after {took:?}; longest gaps of other pods' datagrams: {gaps:?}, median {:?}",
        median(gaps.clone())
    );
    assert!(gaps.iter().all(|gap| *gap < most), "{gaps:?}, {most:?}");
    assert_eq!(extra.remains(), before);
    traffic.stop();
    watch.stop().assert_clean("two hundred at once");
}

fn is_to_extra(flow: &Flow) -> bool {
    flow.name().starts_with("ping")
        && POOL.iter().any(|address| flow.name().ends_with(&format!("> 10.0.2.{address}")))
}

/// Last parts of the addresses that come and go.
const POOL: [u8; 3] = [50, 51, 52];
const ROUNDS: usize = 6;
const MANY: usize = 200;
