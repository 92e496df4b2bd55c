//! What is decided about packets, case by case and against a naive model.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

#[path = "forward/anything.rs"]
mod anything;
#[path = "forward/model.rs"]
mod model;
#[path = "forward/world.rs"]
mod world;

use wgtrace_abi::forward::Settings;
use wgtrace_abi::{DropReason, Mark};
use wgtrace_bpf::forward::{self, Decision, HEAD_LEN, Meta, Sink};
use wgtrace_bpf::headers::Start;
use wgtrace_testbed::walkthrough::{
    CNI, CNI_HOST_MAC, CNI_MAC, NET, NET_HOST_MAC, NET_MAC, NODE, OTHER_NODE, PORT, REMOTE, ROUTER, ethernet,
    ipv4, ping, udp, who_has,
};
use wgtrace_wire::checksum;

use world::{CNI_IFINDEX, NET_IFINDEX, SERVICE, WIREGUARD_IFINDEX, World};

const FROM_NET: Meta = Meta { ifindex: NET_IFINDEX, mark: Mark(0), tagged: false, start: Start::Ethernet };

fn sent(frame: &[u8], world: &World) -> Decision {
    from_container(frame, &FROM_NET, world)
}

fn from_container(frame: &[u8], meta: &Meta, world: &World) -> Decision {
    put(|sink| forward::from_container(frame, meta, world, sink))
}

fn from_host(frame: &[u8], meta: &Meta, world: &World) -> Decision {
    put(|sink| forward::from_host(frame, meta, world, sink))
}

fn from_netdev(frame: &[u8], meta: &Meta, world: &World) -> Decision {
    put(|sink| forward::from_netdev(frame, meta, world, sink))
}

fn to_netdev(frame: &[u8], meta: &Meta, world: &World) -> Decision {
    put(|sink| forward::to_netdev(frame, meta, world, sink))
}

/// The one decision.
fn put(decide: impl FnOnce(&mut Once)) -> Decision {
    let mut once = Once(None);
    decide(&mut once);
    once.0.unwrap()
}

struct Once(Option<Decision>);

impl Sink for Once {
    fn put(&mut self, decision: Decision) {
        assert_eq!(self.0.replace(decision), None, "decided twice");
    }
}

/// The frame as it goes on.
fn rewritten(frame: &[u8], decision: Decision) -> Vec<u8> {
    match decision {
        Decision::Stack { head, .. } | Decision::Deliver { head, .. } => {
            [&head.bytes()[..], &frame[HEAD_LEN..]].concat()
        }
        Decision::Answer { frame: reply, .. } => [&reply[..], &frame[reply.len()..]].concat(),
        Decision::Pass(_) | Decision::Encrypt { .. } | Decision::Drop(_) => frame.to_vec(),
    }
}

#[test]
fn a_pod_of_this_node_is_reached_without_the_stack() {
    let frame = ping(NET, CNI, 64);
    let decision = sent(&frame, &World::encrypted());
    assert!(matches!(decision, Decision::Deliver { ifindex: CNI_IFINDEX, .. }), "{decision:?}");
    let frame = rewritten(&frame, decision);
    assert_eq!((&frame[..6], &frame[6..12]), (&CNI_MAC[..], &CNI_HOST_MAC[..]));
    assert_eq!((frame[22], checksum::internet(&[&frame[14..34]])), (63, 0));
}

#[test]
fn what_goes_to_other_nodes_is_marked_to_be_encrypted() {
    for to in [REMOTE, OTHER_NODE] {
        let frame = ping(NET, to, 64);
        let decision = sent(&frame, &World::encrypted());
        assert!(matches!(decision, Decision::Stack { mark: Mark(0xe00), .. }), "{decision:?}");
        let frame = rewritten(&frame, decision);
        assert_eq!((&frame[..6], &frame[6..12], frame[22]), (&NET_HOST_MAC[..], &NET_MAC[..], 63));
        let decision = sent(&ping(NET, to, 64), &World::new(0));
        assert!(matches!(decision, Decision::Stack { mark: Mark(0xf00), .. }), "{decision:?}");
    }
}

#[test]
fn nodes_services_and_the_world_are_the_stacks() {
    for to in [NODE, ROUTER, SERVICE, [8, 8, 8, 8]] {
        let decision = sent(&ping(NET, to, 64), &World::encrypted());
        assert!(matches!(decision, Decision::Stack { mark: Mark(0xf00), .. }), "{to:?}: {decision:?}");
    }
}

#[test]
fn a_pod_cannot_use_another_address() {
    for from in [CNI, [0; 4], NODE, REMOTE] {
        let decision = sent(&ping(from, CNI, 64), &World::encrypted());
        assert_eq!(decision, Decision::Drop(DropReason::INVALID_SOURCE_IP), "{from:?}");
    }
}

#[test]
fn everybody_is_behind_the_hosts_end_but_the_pod_itself() {
    let world = World::encrypted();
    for target in [ROUTER, CNI, REMOTE, [169, 254, 1, 1]] {
        let frame = who_has(target, NET, 1);
        let decision = sent(&frame, &world);
        assert!(matches!(decision, Decision::Answer { ifindex: NET_IFINDEX, .. }), "{decision:?}");
        let reply = rewritten(&frame, decision);
        let start = [&NET_MAC[..], &NET_HOST_MAC, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 2]].concat();
        assert_eq!(reply, [&start[..], &NET_HOST_MAC, &target, &NET_MAC, &NET].concat());
    }
    for (target, operation) in [(NET, 1), (ROUTER, 2), (ROUTER, 7)] {
        assert_eq!(sent(&who_has(target, NET, operation), &world), Decision::Pass(Mark(0)));
    }
    assert_eq!(sent(&who_has(ROUTER, NET, 1)[..41], &world), Decision::Drop(DropReason::INVALID_PACKET));
}

#[test]
fn what_is_no_ipv4_does_not_leave_a_pod() {
    let world = World::encrypted();
    let dropped = |frame: &[u8]| sent(frame, &world);
    assert_eq!(dropped(&ethernet(0x86dd, &[0x60; 60])), Decision::Drop(DropReason::UNSUPPORTED_L3));
    assert_eq!(dropped(&ethernet(0x88b5, &[0; 60])), Decision::Drop(DropReason::UNSUPPORTED_L3));
    assert_eq!(dropped(&ethernet(0x8100, &[0; 60])), Decision::Drop(DropReason::UNSUPPORTED_L3));
    assert_eq!(dropped(&ethernet(0x0800, &[0x45; 19])), Decision::Drop(DropReason::INVALID_PACKET));
    assert_eq!(dropped(&ethernet(0x0800, &[0x44; 60])), Decision::Drop(DropReason::INVALID_PACKET));
    assert_eq!(dropped(&ethernet(0x0800, &[0x65; 60])), Decision::Drop(DropReason::INVALID_PACKET));
    let tagged = from_container(&ping(NET, CNI, 64)[..], &Meta { tagged: true, ..FROM_NET }, &world);
    assert_eq!(tagged, Decision::Drop(DropReason::UNSUPPORTED_L2));
}

#[test]
fn without_settings_or_an_origin_nothing_leaves_a_pod() {
    let frame = ping(NET, CNI, 64);
    let not_ready = Decision::Drop(DropReason::HOST_NOT_READY);
    assert_eq!(sent(&frame, &World { settings: None, ..World::encrypted() }), not_ready);
    let blank = World { settings: Some(Settings::default()), ..World::encrypted() };
    assert_eq!(sent(&frame, &blank), not_ready);
    assert_eq!(from_host(&frame[..], &FROM_NET, &blank), not_ready);
    let unknown = Meta { ifindex: 99, ..FROM_NET };
    assert_eq!(from_container(&frame[..], &unknown, &World::encrypted()), not_ready);
    assert_eq!(to_netdev(&frame[..], &FROM_NET, &blank), Decision::Pass(Mark(0)));
}

#[test]
fn own_wireguard_packets_are_exempt_by_mark_and_port_and_source_together() {
    // a peer behind an address of the pool
    let to = [10, 44, 0, 1];
    let world = World::encrypted();
    let left = |from, port, mark| {
        to_netdev(&udp(from, to, port)[..], &Meta { mark: Mark(mark), ..FROM_NET }, &world)
    };
    assert_eq!(left(NODE, PORT, 0x600), Decision::Pass(Mark(0x600)));
    for (from, port, mark) in
        [(NODE, PORT, 0), (NODE, PORT, 0xe00), (NODE, 53, 0x600), (OTHER_NODE, PORT, 0x600)]
    {
        assert_eq!(
            left(from, port, mark),
            Decision::Drop(DropReason::UNENCRYPTED),
            "{from:?} {port} {mark:#x}"
        );
    }
}

#[test]
fn tags_hide_nothing_from_the_guard() {
    let packet = ipv4(NODE, REMOTE, 64, 17, &[0; 8]);
    let world = World::encrypted();
    let mut inner = ethernet(0x0800, &packet)[12..].to_vec();
    for tags in 0..4 {
        let frame = [&[0; 12][..], &inner].concat();
        let expected = match tags {
            0..=2 => Decision::Encrypt { ifindex: WIREGUARD_IFINDEX },
            _ => Decision::Drop(DropReason::UNSUPPORTED_L2),
        };
        assert_eq!(to_netdev(&frame[..], &FROM_NET, &world), expected, "{tags} tags");
        inner = [&[0x81, 0, 0, 7][..], &inner].concat();
    }
    let bare = Meta { start: Start::Ip, ..FROM_NET };
    assert_eq!(to_netdev(&packet[..], &bare, &world), Decision::Encrypt { ifindex: WIREGUARD_IFINDEX });
}

#[test]
fn the_tunnel_marks_what_came_out_of_it() {
    assert_eq!(put(|sink| forward::from_wireguard(&FROM_NET, sink)), Decision::Pass(Mark(0xd00)));
    let marked = Meta { mark: Mark(0xe00), ..FROM_NET };
    assert_eq!(put(|sink| forward::to_wireguard(&marked, sink)), Decision::Pass(Mark(0xe00)));
}
