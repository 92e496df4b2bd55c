//! Replacing a table under traffic.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use wgtrace_testbed::PATIENCE;
use wgtraced::datapath::nat::Applied;

use crate::world::{NODE, WORLD, World, ip, worker};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_connection_slips_through_while_the_table_is_replaced() {
    const REPLACED: u32 = 100;
    let world = World::new();
    world.mark_pods();
    let mut nat = world.nat();
    let mut intent = worker();
    nat.apply(&intent.table().unwrap()).unwrap();
    let sink = world.outside.run(|| UdpSocket::bind("0.0.0.0:9").unwrap()).unwrap();
    sink.set_read_timeout(Some(PATIENCE)).unwrap();

    let over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..REPLACED {
                let another = ip("172.18.0.5");
                if !intent.nodes.remove(&another) {
                    intent.nodes.insert(another);
                }
                let applied = nat.apply(&intent.table().unwrap());
                if !matches!(applied, Ok(Applied::Replaced(_))) {
                    over.store(true, Ordering::Relaxed);
                    panic!("{applied:?}");
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        let send = || {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                // each a connection of its own to conntrack
                let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                socket.send_to(b"new", (WORLD, 9)).unwrap();
                seen.push(sink.recv_from(&mut [0; 8]).unwrap().1.ip());
            }
            seen
        };
        world.client.run(send).unwrap()
    });
    println!("{} connections while the table was replaced {REPLACED} times", seen.len());
    assert!(seen.len() > 100, "only {} connections", seen.len());
    assert!(seen.iter().all(|source| *source == ip(NODE)));
}
