//! What the daemon tells of packets, over its socket.

mod trouble;
mod world;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rustix::process::Uid;
use rustix::thread::set_thread_res_uid;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Endpoint;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{DropsRequest, EncryptionState, LedgerReply, PacketsRequest};
use wgtrace_testbed::{FrameSender, ping};

use self::world::{World, produced};
use crate::world::WAIT;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_ping_between_pods_is_told_packet_by_packet_and_as_one_flow() {
    let world = World::new("");
    let mut packets = world.packets(&["from-container", "to-container"], 128);
    let mut flows = world.flows();
    assert!(world.next(&mut flows).snapshot);
    world.ping(3);
    let seen = world.take(&mut packets, 12);
    let hooks: Vec<_> = seen.iter().take(4).map(|packet| packet.hook.as_str()).collect();
    assert_eq!(hooks, ["from-container", "to-container", "from-container", "to-container"]);
    let [first, ..] = &seen[..] else { unreachable!() };
    let source = first.source.as_ref().unwrap();
    assert_eq!((source.address.as_str(), source.pod.as_str()), ("10.0.1.203", "default/net"));
    assert_eq!((source.node.as_str(), first.node.as_str()), ("worker", "worker"));
    assert!(first.interface.starts_with("lxc") && first.verdict == "redirected", "{first:?}");
    assert_eq!(first.icmp.as_ref().map(|icmp| (icmp.r#type, icmp.sequence)), Some((8, 0)));
    assert!(first.summary.starts_with("IP 10.0.1.203 > 10.0.1.54: ICMP echo request"), "{}", first.summary);
    assert_eq!(first.bytes.len(), 98, "root gets the payload");

    let flow = loop {
        let reply = world.next(&mut flows);
        let flow = reply.flows.into_iter().find(|flow| flow.protocol == 1);
        if let Some(flow) = flow.filter(|flow| flow.hops.len() == 4 && sum(flow) == 12) {
            break flow;
        }
    };
    assert_eq!(flow.source.as_ref().unwrap().pod, "default/net");
    assert_eq!(flow.destination.as_ref().unwrap().pod, "default/cni");
    assert_eq!(flow.encryption(), EncryptionState::None);
    assert!(flow.rtt != 0 && flow.hops.iter().all(|hop| !hop.sealed), "{flow:?}");
    let told = world.refused(PacketsRequest { filter: "icmp and prot 3".into(), ..Default::default() });
    assert_eq!((told.code(), &told.message()[..9]), (Code::InvalidArgument, "column 10"), "{told}");
}

fn sum(flow: &wgtrace_api::v1::Flow) -> u64 {
    let counts = flow.hops.iter().flat_map(|hop| [&hop.forward, &hop.backward]).flatten();
    counts.map(|count| count.packets).sum()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_reader_that_never_reads_stalls_nobody_and_is_told_what_it_missed() {
    let world = World::new("");
    let request = PacketsRequest { hooks: vec!["from-container".into()], ..Default::default() };
    let [mut slow, mut fast] = [request.clone(), request]
        .map(|request| world.runtime.block_on(world.client().packets(request)).unwrap().into_inner());
    let (mut of_fast, mut missed_by_fast) = (0, 0);
    // more than any queue and any window of the transport hold
    for _ in 0..10 {
        world.ping(1000);
        let delivered = delivered(&world.settled());
        while of_fast + missed_by_fast < delivered {
            let reply = world.next(&mut fast);
            (of_fast, missed_by_fast) = (of_fast + reply.packets.len() as u64, reply.missed);
        }
        assert_eq!(of_fast + missed_by_fast, delivered);
    }
    let (mut of_slow, mut missed) = (0, 0);
    while of_slow + missed < of_fast + missed_by_fast {
        let reply = world.next(&mut slow);
        (of_slow, missed) = (of_slow + reply.packets.len() as u64, reply.missed);
    }
    assert!(of_slow > 0 && of_slow + missed == of_fast + missed_by_fast, "{of_slow} + {missed}");
    assert!(missed > missed_by_fast && of_fast > of_slow, "{of_fast} and {missed_by_fast}");
}

fn delivered(ledger: &LedgerReply) -> u64 {
    ledger.rows.iter().map(|row| row.delivered).sum()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn gates_are_closed_behind_the_last_who_listens_and_open_for_the_next() {
    let world = World::new("");
    assert_eq!(produced(&world.ledger()), 0);
    world.ping(1);
    assert_eq!(produced(&world.ledger()), 0, "nobody listens yet");
    let mut packets = world.packets(&["from-container"], 128);
    world.ping(2);
    world.take(&mut packets, 4);
    assert!(world.settled().rows.iter().all(|row| row.hook == "from-container"), "nobody asked for more");
    drop(packets);
    let until = Instant::now() + WAIT;
    loop {
        let before = produced(&world.ledger());
        world.ping(1);
        if produced(&world.ledger()) == before {
            break;
        }
        assert!(Instant::now() < until, "{before} and more");
    }
    let ledger = world.ledger();
    assert!(ledger.balanced && ledger.unattributed == 0, "{ledger:?}");
    let mut packets = world.packets(&["to-container"], 128);
    world.ping(1);
    assert!(world.take(&mut packets, 2).iter().all(|packet| packet.hook == "to-container"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn payload_is_roots_unless_the_configuration_says_otherwise() {
    for (more, is_groups) in [("", false), ("[trace]\npayload = \"group\"\n", true)] {
        let world = World::new(more);
        std::fs::set_permissions(world.node.path(""), Permissions::from_mode(0o711)).unwrap();
        let socket = world.node.socket();
        let (ready, is_ready) = mpsc::channel();
        thread::scope(|scope| {
            // another user from here on, and not the test
            let asked = scope.spawn(move || {
                let nobody = Uid::from_raw(65_534);
                set_thread_res_uid(nobody, nobody, nobody).unwrap();
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let socket = format!("unix://{}", socket.display());
                runtime.block_on(async {
                    let channel = Endpoint::from_shared(socket).unwrap().connect().await.unwrap();
                    let mut client = ObserverClient::new(channel);
                    for request in [
                        PacketsRequest { snaplen: 129, ..Default::default() },
                        PacketsRequest { decrypted: true, ..Default::default() },
                    ] {
                        match client.packets(request).await {
                            Ok(_) => assert!(is_groups),
                            Err(status) => {
                                assert!(!is_groups && status.code() == Code::PermissionDenied, "{status}");
                                assert!(status.message().contains("payload = \"group\""), "{status}");
                            }
                        }
                    }
                    let request = PacketsRequest {
                        snaplen: 128,
                        filter: "icmp".into(),
                        hooks: vec!["from-container".into()],
                        ..Default::default()
                    };
                    let mut packets = client.packets(request).await.unwrap().into_inner();
                    ready.send(()).unwrap();
                    let reply = timeout(WAIT, packets.message()).await.unwrap().unwrap().unwrap();
                    // ethernet, IP, and an ICMP header; root has the 56 bytes behind them
                    let expected = if is_groups { 98 } else { 42 };
                    assert_eq!(reply.packets[0].bytes.len(), expected);
                });
            });
            if is_ready.recv().is_ok() {
                world.ping(1);
            }
            asked.join().unwrap();
        });
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn plaintext_that_leaves_though_it_had_to_be_encrypted_is_a_leak() {
    let world = World::new("");
    let mut packets = world.packets(&["tap-out"], 128);
    let mut flows = world.flows();
    // past the guard: without it
    world.node.unpin();
    let mut frame = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0];
    frame.extend([0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194]);
    frame.extend([8, 0, 0xf7, 0xfe, 0, 1, 0, 0]);
    let until = Instant::now() + WAIT;
    // what was unpinned is detached a little later; until then it drops the frame
    while let Err(error) = world.node.namespace.run(|| FrameSender::open("eth0")?.send(&frame)).unwrap() {
        assert!(Instant::now() < until, "{error:#}");
    }
    let packet = world.take(&mut packets, 1).remove(0);
    assert_eq!(packet.encryption(), EncryptionState::Leak, "{packet:?}");
    assert_eq!(packet.source.unwrap().pod, "default/net");
    let until = Instant::now() + WAIT;
    loop {
        let reply = world.next(&mut flows);
        if reply.flows.iter().any(|flow| flow.encryption() == EncryptionState::Leak) {
            break;
        }
        assert!(Instant::now() < until);
    }
    let drops = world.runtime.block_on(world.client().drops(DropsRequest::default())).unwrap();
    assert_eq!(world.next(&mut drops.into_inner()).leaks, 1);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_dropped_packet_is_told_with_its_reason_hook_and_pod() {
    let world = World::new("");
    let mut flows = world.flows();
    // nobody is known to have it
    world.net.run(|| ping("10.77.0.1".parse().unwrap(), 1, 56)).unwrap().unwrap_err();
    let until = Instant::now() + WAIT;
    let flow = loop {
        let reply = world.next(&mut flows);
        if let Some(flow) = reply.flows.into_iter().find(|flow| !flow.drops.is_empty()) {
            break flow;
        }
        assert!(Instant::now() < until);
    };
    let told = &flow.drops[0];
    assert_eq!((flow.drops.len(), told.packets), (1, 1), "{flow:?}");
    let drops = world.runtime.block_on(world.client().drops(DropsRequest::default())).unwrap();
    let drops = world.next(&mut drops.into_inner());
    let total = drops.totals.iter().find(|total| total.reason == told.reason && total.hook == told.hook);
    let total = total.unwrap();
    assert_eq!((total.packets, total.pods.len()), (1, 1), "{total:?}");
    assert_eq!((total.pods[0].pod.as_str(), total.pods[0].packets), ("default/net", 1));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_daemon_that_ends_ends_its_streams_with_an_error_and_the_next_one_begins_anew() {
    for signal in ["TERM", "KILL"] {
        let mut world = World::new("");
        let mut packets = world.packets(&["from-container"], 128);
        world.ping(1);
        world.take(&mut packets, 2);
        world.node.end(signal);
        let end = world.runtime.block_on(async { timeout(WAIT, packets.message()).await });
        assert!(matches!(end, Ok(Err(_))), "{end:?}");
        world.ping(3);
        world.node.start();
        assert_eq!(produced(&world.ledger()), 0);
        let mut packets = world.packets(&["from-container"], 128);
        world.ping(500);
        world.take(&mut packets, 1000);
        let ledger = world.settled();
        assert!(ledger.balanced && produced(&ledger) >= 1000, "{ledger:?}");
    }
}
