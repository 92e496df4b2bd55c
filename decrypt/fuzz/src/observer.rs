//! A handshake between two ends of any keys, watched with some of those keys.

mod watcher;

use arbitrary::{Arbitrary, Unstructured};
use wgtrace_decrypt::aead::{Aead as _, RingKey};
use wgtrace_decrypt::capture::CHUNK_LEN;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_decrypt::noise::{Initiator, ObserveError, Responder, Tai64n};
use wgtrace_decrypt::pipeline::{Encoder, Format};
use wgtrace_wire::wireguard::{Counter, Initiation, Message, Response, SessionIndex};
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::pipeline::Decrypted;
use crate::scenario::{Played, Scene, seal};
use watcher::Watcher;

/// A story of two peers and somebody who listens.
#[derive(Debug, Arbitrary)]
struct Story {
    statics: [[u8; 32]; 2],
    ephemerals: [[u8; 32]; 2],
    psk: Option<[u8; 32]>,
    indices: [u32; 2],
    nanos: i64,
    known: Known,
    damage: Damage,
    packets: Vec<(bool, Vec<u8>)>,
    /// Which part of the capture comes first.
    turned: u8,
    /// The packets are data of another tunnel, whose handshake is in this one as well.
    nested: bool,
}

/// What the listener holds.
#[derive(Debug, Arbitrary, Clone, Copy)]
struct Known {
    statics: [bool; 2],
    ephemerals: [bool; 2],
    responder_public: bool,
    psk: bool,
    wrong_psk: Option<[u8; 32]>,
}

/// What happens to a message on its way.
#[derive(Debug, Arbitrary, Clone, Copy)]
enum Damage {
    Nothing,
    Initiation { at: u8, by: u8 },
    Response { at: u8, by: u8 },
    Data { at: u8, by: u8 },
}

/// Makes a story of `data` and checks that it ends as its keys say.
pub fn run(data: &[u8]) {
    let Ok(story) = Story::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let scene = Scene {
        statics: story.statics.map(PrivateKey::from_bytes),
        ephemerals: story.ephemerals.map(PrivateKey::from_bytes),
        psk: story.psk.map_or(PresharedKey::NONE, PresharedKey::from_bytes),
        indices: story.indices.map(SessionIndex),
        nanos: story.nanos,
    };
    let mut played = scene.play();
    let within = story.nested.then(|| Scene::fixed(0));
    let watcher = Watcher::new(&scene, &story.known, within.as_ref());
    match story.damage {
        Damage::Initiation { at, by } => damaged_initiation(&scene, &played, &watcher, usize::from(at), by),
        Damage::Response { at, by } => damaged_response(&scene, &played, &watcher, usize::from(at), by),
        Damage::Nothing | Damage::Data { .. } => {
            let seen = watcher.watch(&played.initiation, &played.response);
            watcher.judge(&seen, &played);
            watcher.judge_table(&played);
            traffic(&story, &mut played, within.as_ref(), &watcher);
        }
    }
}

/// Nobody takes a changed initiation for the right one.
fn damaged_initiation(scene: &Scene, played: &Played, watcher: &Watcher, at: usize, by: u8) {
    let mut bytes = played.initiation.as_bytes().to_vec();
    let Some(byte) = bytes.get_mut(at).filter(|_| by != 0) else { return };
    *byte ^= by;
    let message = Initiation::read_from_bytes(&bytes).expect("as long as before");
    let sealed = (8..116).contains(&at);
    // Type, reserved bytes and sender are outside of the encryption.
    assert_eq!(Responder::receive(&scene.statics[1], &message).is_err(), sealed);
    assert_eq!(Mac1Key::new(&watcher.responder).verify(&message), !(4..132).contains(&at));
    match watcher.watch(&message, &played.response) {
        Ok(session) => {
            assert!(!(4..116).contains(&at));
            watcher.judge(&Ok(session), played);
        }
        Err(ObserveError::OtherReceiver { .. }) => assert!((4..8).contains(&at)),
        Err(error) if !(4..116).contains(&at) => watcher.judge(&Err(error), played),
        Err(_) => {}
    }
    let table = watcher.table([Message::Initiation(&message), Message::Response(&played.response)]);
    assert!(table.all().is_empty() || !(4..132).contains(&at));
}

/// Nobody takes a changed response for the right one.
fn damaged_response(scene: &Scene, played: &Played, watcher: &Watcher, at: usize, by: u8) {
    let mut bytes = played.response.as_bytes().to_vec();
    let Some(byte) = bytes.get_mut(at).filter(|_| by != 0) else { return };
    *byte ^= by;
    let message = Response::read_from_bytes(&bytes).expect("as long as before");
    let bound = (8..60).contains(&at);
    let time = Tai64n::from_unix_nanos(scene.nanos);
    let (pending, initiation) = Initiator::start(
        &scene.statics[0],
        &watcher.responder,
        &scene.psk,
        scene.indices[0],
        scene.ephemerals[0].clone(),
        time,
        &NoKeyLog,
    )
    .expect("it was started before");
    assert_eq!(initiation, played.initiation);
    assert_eq!(pending.finish(&message, &NoKeyLog).is_err(), bound);
    match watcher.watch(&played.initiation, &message) {
        Err(ObserveError::OtherReceiver { .. }) => assert!((8..12).contains(&at)),
        Err(error) if !bound => watcher.judge(&Err(error), played),
        Err(_) => {}
        Ok(session) => {
            assert!(!bound);
            watcher.judge(&Ok(session), played);
        }
    }
    let table = watcher.table([Message::Initiation(&played.initiation), Message::Response(&message)]);
    assert!(table.all().is_empty() || !(4..76).contains(&at));
}

/// What a frame of the capture holds.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Handshake,
    Packet,
    NestedHandshake,
    NestedData,
}

/// Data sealed at the ends is in the decrypted capture, and nothing else is.
fn traffic(story: &Story, played: &mut Played, within: Option<&Scene>, watcher: &Watcher) {
    let mut frames = vec![
        (Holds::Handshake, played.initiation.as_bytes().to_vec()),
        (Holds::Handshake, played.response.as_bytes().to_vec()),
    ];
    let packets = within.map_or_else(|| plain(story), |within| nested(story, within));
    for (holds, forward, packet) in packets {
        let end = if forward { &mut played.initiator } else { &mut played.responder };
        frames.push((holds, seal(end, &packet)));
    }
    let sent = frames.len() - 2;
    let mut lost = 0;
    if let Damage::Data { at, by } = story.damage
        && let Some(frame) = frames.get_mut(2)
        && let Some(byte) = frame.1.get_mut(usize::from(at))
        && by != 0
        // Another receiver or reserved bytes: the pipeline may call it no WireGuard at all.
        && at >= 8
    {
        *byte ^= by;
        lost = 1;
        frame.0 = Holds::Packet;
        let (header, sealed) = frame.1.split_at(16);
        let counter = Counter(u64::from_le_bytes(header[8..].try_into().expect("eight bytes")));
        let keys = played.initiator.keys();
        for key in [&keys.send, &keys.receive] {
            assert!(RingKey::new(key).open(counter, &mut sealed.to_vec()).is_err(), "a forgery opens");
        }
    }
    let turn = usize::from(story.turned) % frames.len();
    frames.rotate_left(turn);
    let capture = raw_pcap(frames.iter().map(|(_, frame)| frame));
    let encoder = Encoder::new(Format::PcapNg, false);
    let decrypted = Decrypted::of(&capture, CHUNK_LEN, &encoder, &watcher.secrets).expect("a sound capture");
    let derivable = watcher.exchanges && watcher.psk && watcher.secrets.is_static(&watcher.responder);
    let opened = if derivable { sent - lost } else { 0 };
    let totals = decrypted.seen.depths[0].totals;
    assert_eq!((totals.opened.messages(), totals.failed), (opened as u64, (sent - opened) as u64));

    if derivable && within.is_some() {
        // Inside a tunnel a handshake has to come before its data.
        let (mut handshakes, mut early, mut late) = (0, 0, 0);
        for (holds, _) in &frames {
            match holds {
                Holds::NestedHandshake => handshakes += 1,
                Holds::NestedData if handshakes < 2 => early += 1,
                Holds::NestedData => late += 1,
                Holds::Handshake | Holds::Packet => {}
            }
        }
        let totals = decrypted.seen.depths.get(1).map(|depth| depth.totals).unwrap_or_default();
        assert_eq!((totals.opened.messages(), totals.failed), (late, early));
    }
}

type Packets = Vec<(Holds, bool, Vec<u8>)>;

/// Bytes of the story as packets.
fn plain(story: &Story) -> Packets {
    const MOST: usize = 16;
    const LONGEST: usize = 2000;
    let cut = |packet: &Vec<u8>| packet.get(..LONGEST).unwrap_or(packet).to_vec();
    let packets = story.packets.iter().take(MOST);
    packets.map(|(forward, packet)| (Holds::Packet, *forward, cut(packet))).collect()
}

/// The same packets inside the tunnel `within`.
fn nested(story: &Story, within: &Scene) -> Packets {
    let mut played = within.play();
    let mut packets = vec![
        (Holds::NestedHandshake, true, ipv4(played.initiation.as_bytes())),
        (Holds::NestedHandshake, false, ipv4(played.response.as_bytes())),
    ];
    for (_, forward, packet) in plain(story) {
        let end = if forward { &mut played.initiator } else { &mut played.responder };
        packets.push((Holds::NestedData, forward, ipv4(&seal(end, &packet))));
    }
    packets
}

/// A capture of bare IPv4 packets, each with one datagram.
fn raw_pcap<'d>(datagrams: impl Iterator<Item = &'d Vec<u8>>) -> Vec<u8> {
    let mut out = vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for (second, datagram) in (1..).zip(datagrams) {
        let packet = ipv4(datagram);
        let len = u32::try_from(packet.len()).expect("messages are short").to_le_bytes();
        out.extend([u32::to_le_bytes(second), [0; 4], len, len].concat());
        out.extend(packet);
    }
    out
}

/// A datagram in its packet.
fn ipv4(datagram: &[u8]) -> Vec<u8> {
    let len = u16::try_from(datagram.len() + 28).expect("messages are short");
    let mut out = vec![0x45, 0];
    out.extend(len.to_be_bytes());
    out.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1, 0xca, 0x6c, 0xca, 0x6c]);
    out.extend((len - 20).to_be_bytes());
    out.extend([0, 0]);
    out.extend(datagram);
    out
}
