//! Nothing goes wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use wgtrace_testbed::within;

use crate::canary::Canary;
use crate::traffic::{Flow, Traffic, service_addresses};
use crate::watch::Watch;
use crate::world::{LOCAL, NET, REMOTE, WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn nothing_leaves_in_clear_and_without_encryption_the_watch_sees_that_it_does() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    traffic.wait_more(100);
    wait_services(&traffic);
    traffic.stop();
    watch.stop().assert_clean("steady");
    drop(world);

    let world = World::in_clear();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    traffic.wait_more(20);
    wait_services(&traffic);
    traffic.stop();
    watch.stop().assert_plaintext_is_seen();
}

/// Until each address of the service has led to each of its pods, from both nodes.
fn wait_services(traffic: &Traffic) {
    for flow in traffic.named("http ") {
        for at in service_addresses() {
            for pod in [LOCAL, REMOTE] {
                let answer = format!("{at} by {pod}");
                within(&format!("{}: {answer}", flow.name()), || {
                    flow.answers().contains_key(&answer).then_some(())
                });
            }
        }
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn an_address_of_the_pool_that_nobody_has_is_dropped_and_counted() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let mut traffic = Traffic::between_pods(&world, &canary);
    let before = world.lost(WORKER, "Traffic is unencrypted");
    // of no node, of a node without such a pod, of a node that has it not either, and of the node itself
    for nobody in ["10.77.7.7", "10.255.255.255", "10.0.2.99", "10.0.0.99", "10.0.1.99"] {
        let nobody: SocketAddr = format!("{nobody}:7009").parse().unwrap();
        traffic.udp_to(world.pod(NET).place(), nobody);
        traffic.udp_to(world.node(WORKER).place(), nobody);
    }
    let of_nobody: BTreeMap<String, &Flow> = traffic
        .flows
        .iter()
        .filter(|flow| flow.name().ends_with(":7009"))
        .map(|it| (it.name().to_owned(), &**it))
        .collect();
    for (name, flow) in &of_nobody {
        within(&format!("100 of {name}"), || (flow.sent() >= 100).then_some(()));
    }
    // two addresses of the pool that are no node's, from the pod and from the node
    let dropped = world.lost(WORKER, "Traffic is unencrypted") - before;
    assert!(dropped >= 2 * 2 * 100, "{dropped}: {:?}", world.status(WORKER).losses);
    eprintln!("{:?}", world.status(WORKER).losses);
    traffic.stop();
    watch.stop().assert_clean("unknown destination");
}
