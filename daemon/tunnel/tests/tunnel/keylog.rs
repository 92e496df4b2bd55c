//! Keys are shown before the message made with them can leave.

use std::sync::{Arc, Mutex};

use wgtrace_decrypt::key::{PresharedKey, PublicKey};
use wgtrace_decrypt::keylog::{HandshakeKeys, KeyLog, SessionKeys};
use wgtrace_decrypt::keypair::Role;
use wgtrace_tunnel::DeviceSettings;

use crate::world::{A, B, Kind, World, ms, packet, private, secs};

#[derive(Default)]
struct Recorder {
    handshakes: Mutex<Vec<PublicKey>>,
    sessions: Mutex<Vec<SessionKeys>>,
}

impl KeyLog for Recorder {
    fn handshake(&self, keys: &HandshakeKeys<'_>) {
        self.handshakes.lock().unwrap().push(keys.local_ephemeral.public());
    }

    fn session(&self, keys: &SessionKeys) {
        self.sessions.lock().unwrap().push(keys.clone());
    }
}

fn recorded() -> (World, [Arc<Recorder>; 2]) {
    let logs = [Arc::new(Recorder::default()), Arc::new(Recorder::default())];
    let world = World::with(0, &PresharedKey::NONE, |key| {
        let owner = usize::from(key != private(A));
        DeviceSettings { key_log: logs[owner].clone(), ..DeviceSettings::new(key) }
    });
    (world, logs)
}

#[test]
fn keys_are_shown_before_their_message_can_be_taken_out() {
    let (mut world, [a, b]) = recorded();
    let clock = world.clock();
    world.nodes[A].device.handle_packet(clock, &mut world.rng, &packet(A, B, 1, 100)).unwrap();
    assert_eq!(a.handshakes.lock().unwrap().len(), 1);
    world.flush(A);
    let mut initiation = world.last(A, Kind::Initiation);
    let device = &mut world.nodes[B].device;
    device.handle_datagram(clock, &mut world.rng, crate::world::outer(A), &mut initiation).unwrap();
    assert_eq!((b.handshakes.lock().unwrap().len(), b.sessions.lock().unwrap().len()), (1, 1));
}

#[test]
fn both_ends_show_the_same_keys_for_every_session() {
    let (mut world, [a, b]) = recorded();
    world.chat(A, secs(1), secs(500));
    let (a, b) = (a.sessions.lock().unwrap(), b.sessions.lock().unwrap());
    assert!(a.len() >= 4 && a.len() == b.len());
    for (a, b) in a.iter().zip(b.iter()) {
        assert_eq!((a.role, b.role), (Role::Initiator, Role::Responder));
        assert_eq!((&a.send, &a.receive), (&b.receive, &b.send));
        assert_eq!((a.local, a.remote), (b.remote, b.local));
    }
}

#[test]
fn sessions_that_are_up_can_be_exported() {
    let (mut world, [a, _]) = recorded();
    world.connect();
    let sessions = world.nodes[A].device.sessions(world.nodes[A].peer).unwrap();
    assert_eq!(
        sessions.iter().map(|session| session.keys()).collect::<Vec<_>>(),
        a.sessions.lock().unwrap().iter().collect::<Vec<_>>()
    );
}

#[test]
fn shown_keys_open_the_traffic() {
    use wgtrace_decrypt::aead::{Aead as _, RingKey};
    use wgtrace_wire::wireguard::Counter;

    let (mut world, [_, b]) = recorded();
    world.send(A, 1);
    world.run(ms(100));
    let mut message = world.last(A, Kind::Packet);
    let keys = b.sessions.lock().unwrap()[0].clone();
    let plain = RingKey::new(&keys.receive).open(Counter(0), &mut message[16..]).unwrap();
    assert_eq!(plain[..100], packet(A, B, 1, 100));
}
