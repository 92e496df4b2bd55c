use std::convert::Infallible;
use std::net::SocketAddr;

use rand_core::{TryCryptoRng, TryRng};
use wgtrace_decrypt::key::PrivateKey;
use wgtrace_tunnel::{Device, DeviceSettings, Now, PeerId, PeerSettings, Prefix};

use super::*;

/// Counts, from wherever it begins.
struct Numbers(u64);

impl TryRng for Numbers {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0 += 1;
        Ok(u32::try_from(self.0).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.try_next_u32().map(u64::from)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            self.0 += 1;
            *byte = self.0.to_le_bytes()[0];
        }
        Ok(())
    }
}

impl TryCryptoRng for Numbers {}

/// A device, and where its random numbers begin.
struct Node {
    device: Device,
    rng: Numbers,
    number: u8,
}

fn private(number: u8) -> PrivateKey {
    PrivateKey::from_bytes([number; 32])
}

fn outer(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number], 51871))
}

impl Node {
    fn new(now: Instant, number: u8, rng: u64) -> Self {
        Self {
            device: Device::new(now, DeviceSettings::new(private(number))).unwrap(),
            rng: Numbers(rng),
            number,
        }
    }

    fn introduce(&mut self, now: Now, number: u8) -> PeerId {
        let other = PeerSettings {
            endpoint: Some(outer(number)),
            allowed_ips: vec![Prefix::host([10, 0, 0, number].into())],
            ..PeerSettings::new(private(number).public())
        };
        self.device.add_peer(now, other).unwrap()
    }

    fn sent(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        while let Some(transmit) = self.device.poll_transmit() {
            sent.push(transmit.payload.as_ref().to_vec());
        }
        sent
    }

    fn follow(&self, now: Instant) -> Sessions {
        let mut sessions = Sessions::new(now);
        sessions.follow(&Arc::downgrade(&self.device.data_path()), now);
        sessions
    }

    fn session(&self, peer: PeerId) -> Arc<Session> {
        let mut sessions = self.device.data_path().sessions().into_iter();
        sessions.find(|session| session.peer() == peer).unwrap()
    }
}

/// Has one end ask the other for a session, with a packet that both then have seen.
fn meet(now: Now, from: &mut Node, to: &mut Node) -> (PeerId, PeerId) {
    let peers = (from.introduce(now, to.number), to.introduce(now, from.number));
    let mut packet = vec![0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0];
    packet.extend([10, 0, 0, from.number, 10, 0, 0, to.number]);
    from.device.handle_packet(now, &mut from.rng, &packet).unwrap();
    for _ in 0..2 {
        for mut bytes in from.sent() {
            to.device.handle_datagram(now, &mut to.rng, outer(from.number), &mut bytes).unwrap();
        }
        for mut bytes in to.sent() {
            from.device.handle_datagram(now, &mut from.rng, outer(to.number), &mut bytes).unwrap();
        }
    }
    peers
}

fn clock() -> Now {
    Now { monotonic: Instant::now(), unix_nanos: 1_700_000_000_000_000_000 }
}

#[test]
fn a_session_is_found_by_the_index_that_its_messages_bear_each_way() {
    let now = clock();
    let [mut here, mut there] =
        [(1, 0), (2, 1000)].map(|(number, rng)| Node::new(now.monotonic, number, rng));
    let (peer, other) = meet(now, &mut here, &mut there);
    let (ours, theirs) = (here.session(peer), there.session(other));
    assert_eq!((ours.local(), ours.remote()), (theirs.remote(), theirs.local()));
    let mut sessions = here.follow(now.monotonic);
    let mut found = |way, index| sessions.of(way, index, || now.monotonic);
    let is_ours = |found: Vec<Arc<Session>>| matches!(&found[..], [one] if Arc::ptr_eq(one, &ours));
    assert!(is_ours(found(Way::In, ours.local())) && is_ours(found(Way::Out, ours.remote())));
    assert!(found(Way::In, ours.remote()).is_empty() && found(Way::Out, ours.local()).is_empty());
    assert!(Way::Out.key(&ours).expose() == Way::In.key(&theirs).expose());
    assert!(Way::In.key(&ours).expose() == Way::Out.key(&theirs).expose());
    assert!(Way::In.key(&ours).expose() != Way::Out.key(&ours).expose());
}

#[test]
fn peers_that_chose_the_same_index_are_both_looked_at() {
    let now = clock();
    let mut here = Node::new(now.monotonic, 1, 0);
    let [mut there, mut elsewhere] = [2, 3].map(|number| Node::new(now.monotonic, number, 1000));
    let (one, _) = meet(now, &mut here, &mut there);
    let (other, _) = meet(now, &mut here, &mut elsewhere);
    let index = here.session(one).remote();
    assert_eq!(here.session(other).remote(), index);
    let found = here.follow(now.monotonic).of(Way::Out, index, || now.monotonic);
    let peers: Vec<_> = found.iter().map(|session| session.peer()).collect();
    assert!(peers.len() == 2 && peers.contains(&one) && peers.contains(&other), "{peers:?}");
}

#[test]
fn a_session_that_begins_is_found_after_a_moment_and_strangers_cost_no_more_than_one_look_in_it() {
    let now = clock();
    let [mut here, mut there] =
        [(1, 0), (2, 1000)].map(|(number, rng)| Node::new(now.monotonic, number, rng));
    let mut sessions = here.follow(now.monotonic);
    let (peer, _) = meet(now, &mut here, &mut there);
    let index = here.session(peer).local();
    let mut found = |after| sessions.of(Way::In, index, || now.monotonic + after).len();
    assert_eq!(found(PATIENCE / 2), 0);
    assert_eq!(found(PATIENCE), 1);
    let asked = sessions.of(Way::In, index, || unreachable!("what is known needs no clock"));
    assert_eq!(asked.len(), 1);
}

#[test]
fn what_the_device_has_ended_is_not_held() {
    let now = clock();
    let [mut here, mut there] =
        [(1, 0), (2, 1000)].map(|(number, rng)| Node::new(now.monotonic, number, rng));
    let (peer, _) = meet(now, &mut here, &mut there);
    let mut sessions = here.follow(now.monotonic);
    let ended = Arc::downgrade(&here.session(peer));
    let (local, remote) = ended.upgrade().map(|session| (session.local(), session.remote())).unwrap();
    here.device.remove_peer(now, &mut here.rng, peer).unwrap();
    assert!(ended.upgrade().is_none(), "its keys are wiped, whoever watches");
    assert!(sessions.of(Way::In, local, || now.monotonic).is_empty());
    assert!(sessions.of(Way::Out, remote, || now.monotonic).is_empty());
}

#[test]
fn another_device_has_other_sessions() {
    let now = clock();
    let [mut here, mut there] =
        [(1, 0), (2, 1000)].map(|(number, rng)| Node::new(now.monotonic, number, rng));
    let (peer, other) = meet(now, &mut here, &mut there);
    let mut sessions = here.follow(now.monotonic);
    sessions.follow(&Arc::downgrade(&there.device.data_path()), now.monotonic);
    assert!(sessions.of(Way::In, here.session(peer).local(), || now.monotonic).is_empty());
    assert_eq!(sessions.of(Way::In, there.session(other).local(), || now.monotonic).len(), 1);
    sessions.follow(&Weak::new(), now.monotonic);
    assert!(sessions.of(Way::In, there.session(other).local(), || now.monotonic).is_empty());
}

#[test]
fn only_hooks_of_native_devices_see_ciphertext() {
    let ways = Hook::ALL.map(Way::of);
    assert_eq!(ways.iter().flatten().count(), 4);
    assert_eq!(Way::of(Hook::TapIn), Some(Way::In));
    assert_eq!(Way::of(Hook::ToNetdev), Some(Way::Out));
}
