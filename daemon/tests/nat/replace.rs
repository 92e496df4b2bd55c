//! Replacing a table under traffic.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use wgtraced::datapath::nat::Applied;

use crate::world::{NODE, PATIENCE, WORLD, World, ip, worker};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_connection_slips_through_while_the_table_is_replaced() {
    const FLOWS: usize = 3000;
    let world = World::new();
    let mut nat = world.nat();
    let mut intent = worker();
    nat.apply(&intent.table().unwrap()).unwrap();
    let sink = world.outside.run(|| UdpSocket::bind("0.0.0.0:9").unwrap()).unwrap();
    sink.set_read_timeout(Some(PATIENCE)).unwrap();

    let over = AtomicBool::new(false);
    let (seen, replaced) = thread::scope(|scope| {
        let replacing = scope.spawn(|| {
            let mut replaced = 0;
            while !over.load(Ordering::Relaxed) {
                let another = ip("172.18.0.5");
                if !intent.nodes.remove(&another) {
                    intent.nodes.insert(another);
                }
                let applied = nat.apply(&intent.table().unwrap()).unwrap();
                assert!(matches!(applied, Applied::Replaced(_)), "{applied:?}");
                replaced += 1;
            }
            replaced
        });
        let seen = world
            .client
            .run(|| {
                (0..FLOWS)
                    .map(|_| {
                        // each a connection of its own to conntrack
                        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                        socket.send_to(b"new", (WORLD, 9)).unwrap();
                        sink.recv_from(&mut [0; 8]).unwrap().1.ip()
                    })
                    .collect::<Vec<_>>()
            })
            .unwrap();
        over.store(true, Ordering::Relaxed);
        (seen, replacing.join().unwrap())
    });
    assert_eq!(seen.len(), FLOWS);
    assert!(seen.iter().all(|source| *source == ip(NODE)));
    assert!(replaced > 20, "replaced {replaced} times");
}
