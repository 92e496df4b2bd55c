use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use rustix::process::Uid;
use rustix::thread::set_thread_res_uid;
use tokio::runtime::Builder;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Endpoint;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{Packet, PacketsRequest};
use wgtrace_lab::ping;

use crate::encryption::REMOTE;
use crate::world::{PATIENCE, WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn root_gets_the_packet_that_is_in_the_ciphertext_as_it_went_into_the_tunnel() {
    let world = World::up();
    let pod = world.lab.pod("net").unwrap();
    let request =
        PacketsRequest { filter: "icmp".into(), snaplen: 2000, decrypted: true, ..Default::default() };
    let mut packets = world.packets_at(WORKER, &["to-wireguard", "tap-out"], request);
    assert!(pod.run(|| ping(REMOTE, 3)).unwrap().unwrap().is_whole());
    let mut pairs: BTreeMap<u64, Vec<Packet>> = BTreeMap::new();
    for packet in world.take(&mut packets, 6) {
        pairs.entry(packet.identity).or_default().push(packet);
    }
    assert_eq!(pairs.len(), 3, "{pairs:#?}");
    for pair in pairs.values() {
        let [plain, sealed] = &pair[..] else { unreachable!("{pair:#?}") };
        assert_eq!([plain.hook.as_str(), sealed.hook.as_str()], ["to-wireguard", "tap-out"]);
        assert!(!plain.l2 && plain.bytes.len() == 84 && plain.inner.is_empty(), "{plain:#?}");
        assert_eq!(sealed.inner, plain.bytes);
        let shows = |inner: &[u8]| sealed.bytes.windows(inner.len()).any(|bytes| bytes == inner);
        assert!(!shows(&plain.bytes[20..]), "the packet itself is the ciphertext");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_group_gets_no_more_than_headers_of_what_is_in_the_ciphertext() {
    let world = World::up();
    world.room().let_others_in(&world.lab).unwrap();
    let socket = format!("unix://{}", world.lab.node(WORKER).unwrap().socket().display());
    let (ready, is_ready) = mpsc::channel();
    thread::scope(|scope| {
        // another user from here on, of root's group, and not the test
        let asked = scope.spawn(move || {
            let nobody = Uid::from_raw(65_534);
            set_thread_res_uid(nobody, nobody, nobody).unwrap();
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let channel = Endpoint::from_shared(socket).unwrap().connect().await.unwrap();
                let mut client = ObserverClient::new(channel);
                let request = PacketsRequest { filter: "icmp".into(), snaplen: 128, ..Default::default() };
                let refused = client.packets(PacketsRequest { decrypted: true, ..request.clone() }).await;
                assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
                let request = PacketsRequest { hooks: vec!["tap-out".into()], ..request };
                let mut packets = client.packets(request).await.unwrap().into_inner();
                ready.send(()).unwrap();
                timeout(PATIENCE, packets.message()).await.unwrap().unwrap().unwrap().packets.remove(0)
            })
        });
        is_ready.recv().unwrap();
        assert!(world.lab.pod("net").unwrap().run(|| ping(REMOTE, 1)).unwrap().unwrap().is_whole());
        let packet = asked.join().unwrap();
        assert_eq!((packet.inner.len(), packet.inner_protocol), (0, 1), "{packet:#?}");
        assert_eq!(packet.inner_destination.unwrap().address, REMOTE.to_string());
        // Ethernet, IP, UDP, and type, receiver and counter of the message
        assert_eq!(packet.bytes.len(), 14 + 20 + 8 + 16);
    });
}
