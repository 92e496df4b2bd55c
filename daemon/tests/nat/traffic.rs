//! What the rules do to packets.

use std::net::UdpSocket;

use wgtrace_testbed::{PATIENCE, within};
use wgtraced::datapath::conntrack::{Conntrack, Entry, Filter, State};
use wgtraced::datapath::nat::{Intent, Nat, kube_proxy};

use crate::world::{
    CLIENT, NODE, OTHER_NODE, OTHER_POD, ROUTER, SERVER, WORLD, World, connect, ip, listen, prefix, worker,
};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn only_outside_the_native_network_the_node_stands_for_its_pods() {
    let world = World::new();
    let listener = listen(&world.outside, "0.0.0.0:80");
    let seen = |at: &str| {
        let (_, connection) = connect(&world.client, &format!("{at}:80"), &[&listener]);
        (connection.seen.ip().to_string(), connection.seen.port() == connection.client.port())
    };
    // positive control: without rules the world sees the pod
    assert_eq!(seen(WORLD), (CLIENT.into(), true));
    let mut nat = world.nat();
    world.mark_pods();
    let table = worker().table().unwrap();
    nat.apply(&table).unwrap();
    assert_eq!(seen(WORLD), (NODE.into(), true));
    assert_eq!(seen(OTHER_POD), (CLIENT.into(), true));
    assert_eq!(seen(OTHER_NODE), (CLIENT.into(), true));
    let found = nat.read(table.family, &table.name).unwrap().unwrap();
    let counted = |comment| found.rule("postrouting", comment).unwrap().counts.unwrap().packets;
    assert_eq!(counted("elsewhere the node stands for its pods"), 1);
    assert_eq!(counted("nodes see pods by their own addresses"), 1);

    nat.remove(table.family, &table.name).unwrap();
    assert_eq!(seen(WORLD), (CLIENT.into(), true));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_no_program_has_marked_stays_in() {
    let world = World::new();
    let mut nat = world.nat();
    let receiver = world.outside.run(|| UdpSocket::bind("0.0.0.0:7000").unwrap()).unwrap();
    receiver.set_read_timeout(Some(PATIENCE)).unwrap();
    let sender = world.client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
    let send = |payload: &[u8]| sender.send_to(payload, format!("{OTHER_POD}:7000")).unwrap();
    let next = || {
        let mut buffer = [0; 16];
        let len = receiver.recv(&mut buffer).unwrap();
        buffer[..len].to_vec()
    };
    // without encryption there is nothing to be seen by
    nat.apply(&Intent { native_device: None, ..worker() }.table().unwrap()).unwrap();
    send(b"open");
    assert_eq!(next(), b"open");
    let table = worker().table().unwrap();
    nat.apply(&table).unwrap();
    let dropped = |nat: &mut Nat| {
        let found = nat.read(table.family, &table.name).unwrap().unwrap();
        found.rule("forward", "no program has seen what this pod sends").unwrap().counts.unwrap().packets
    };
    send(b"unseen");
    within("it is dropped", || (dropped(&mut nat) == 1).then_some(()));
    world.mark_pods();
    send(b"seen");
    assert_eq!(next(), b"seen");
    assert_eq!(dropped(&mut nat), 1);
}

/// The service, with its pod on this node.
fn local_service() -> Vec<kube_proxy::Service> {
    let mut services = kube_proxy::walkthrough();
    services[0].endpoints.retain(|endpoint| endpoint.ip() == ip(SERVER));
    services
}

fn entries(nat: &World, port: u16) -> Vec<Entry> {
    let filter = Filter { port: Some(port), source: Some(prefix(CLIENT)), ..Filter::default() };
    nat.node.run(|| Conntrack::open().unwrap().list(&filter).unwrap()).unwrap()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_reaches_a_pod_of_its_node_by_the_nodes_port() {
    let world = World::new();
    let mut nat = world.nat();
    let listener = listen(&world.server, "0.0.0.0:80");
    let node_port = format!("{NODE}:32000");
    nat.apply(&kube_proxy::table("wgtrace_kube_proxy", None, &local_service())).unwrap();
    world.mark_pods();

    // positive control: kube-proxy alone picks another port
    let kept = (0..3).filter(|_| {
        let (_, connection) = connect(&world.client, &node_port, &[&listener]);
        assert_eq!(connection.seen.ip(), ip(ROUTER));
        connection.seen.port() == connection.client.port()
    });
    assert!(kept.count() < 3);

    // ours comes later into the kernel and is first all the same
    let table = worker().table().unwrap();
    nat.apply(&table).unwrap();
    let (_, connection) = connect(&world.client, &node_port, &[&listener]);
    let port = connection.client.port();
    assert_eq!((connection.seen.ip(), connection.seen.port()), (ip(ROUTER), port));
    connection.talk_and_close();
    let entry = within("the connection is over", || {
        let entries = entries(&world, port);
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.into_iter().find(|entry| entry.state == Some(State::Tcp(7)))
    });
    let shown = entry.to_string();
    let words: Vec<_> = shown.split_whitespace().collect();
    assert_eq!([words[0], words[1], words[3]], ["tcp", "6", "TIME_WAIT"]);
    assert_eq!(
        words[4..].join(" "),
        format!(
            "src=10.0.1.203 dst=172.18.0.3 sport={port} dport=32000 src=10.0.1.54 dst=10.0.1.26 sport=80 \
             dport={port} [ASSURED] mark=0 use=1"
        )
    );
    let found = nat.read(table.family, &table.name).unwrap().unwrap();
    let rule = found.rule("postrouting", "a pod reaches a pod of its node through a service").unwrap();
    assert_eq!(rule.counts.unwrap().packets, 1);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_its_mark_a_pods_packet_is_left_to_kube_proxy() {
    let world = World::new();
    let mut nat = world.nat();
    let listener = listen(&world.server, "0.0.0.0:80");
    nat.apply(&kube_proxy::table("wgtrace_kube_proxy", None, &local_service())).unwrap();
    let table = worker().table().unwrap();
    nat.apply(&table).unwrap();
    let (_, connection) = connect(&world.client, &format!("{NODE}:32000"), &[&listener]);
    assert_eq!(connection.seen.ip(), ip(ROUTER));
    let found = nat.read(table.family, &table.name).unwrap().unwrap();
    let rule = found.rule("postrouting", "a pod reaches a pod of its node through a service").unwrap();
    assert_eq!(rule.counts.unwrap().packets, 0);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_services_address_leads_to_each_of_its_pods() {
    let world = World::new();
    let mut nat = world.nat();
    let listeners = [listen(&world.server, "0.0.0.0:80"), listen(&world.outside, "0.0.0.0:80")];
    nat.apply(&kube_proxy::table("wgtrace_kube_proxy", None, &kube_proxy::walkthrough())).unwrap();
    nat.apply(&worker().table().unwrap()).unwrap();
    world.mark_pods();
    let mut counts = [0; 2];
    for _ in 0..64 {
        let (index, connection) = connect(&world.client, "10.96.142.173:80", &[&listeners[0], &listeners[1]]);
        // a pod of this node answers by way of the router; another node's sees the pod itself
        let expected = if index == 0 { ROUTER } else { CLIENT };
        assert_eq!(connection.seen.ip(), ip(expected));
        counts[index] += 1;
    }
    assert!(counts.iter().all(|count| *count > 8), "{counts:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_nodes_own_packets_pass_by() {
    let world = World::new();
    world.nat().apply(&worker().table().unwrap()).unwrap();
    let listener = listen(&world.outside, "0.0.0.0:80");
    let (_, connection) = connect(&world.node, &format!("{WORLD}:80"), &[&listener]);
    assert_eq!(connection.seen, connection.client);
    let listener = listen(&world.server, "0.0.0.0:80");
    let (_, connection) = connect(&world.node, &format!("{SERVER}:80"), &[&listener]);
    assert_eq!(connection.seen.ip(), ip(ROUTER));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_chain_that_drops_what_is_forwarded_is_found() {
    let world = World::new();
    let Some(_) = crate::oracle::ask(
        &world.node,
        "nft",
        &[
            "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }; \
           add table inet fw; add chain inet fw transit { type filter hook forward priority 5; policy drop; }; \
           add chain inet fw input { type filter hook input priority 5; policy drop; }; \
           add chain inet fw quiet { type filter hook forward priority 6; }",
        ],
    ) else {
        return;
    };
    let drops = world.node.run(|| Nat::open().unwrap().forward_drops().unwrap()).unwrap();
    let said: Vec<_> = drops.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("chain FORWARD of table ip filter drops"), "{said:?}");
    assert!(said[1].starts_with("chain transit of table inet fw drops"), "{said:?}");
    assert_eq!(drops[0].remedy()[2], "iptables -I FORWARD -i lxc+ -j ACCEPT");
    for command in drops[1].remedy() {
        let arguments: Vec<_> =
            command.split_whitespace().skip(1).map(|word| word.trim_matches('\'')).collect();
        crate::oracle::ask(&world.node, "nft", &arguments);
    }
}
