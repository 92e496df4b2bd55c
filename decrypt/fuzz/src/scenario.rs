//! Two peers with fixed keys: what the pipeline target holds keys for, and what seeds are made of.

use std::sync::OnceLock;

use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keylog::{HandshakeKeys, NoKeyLog, TransportLine, write_handshake};
use wgtrace_decrypt::keypair::{Keypair, message_len};
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_decrypt::secrets::Secrets;
use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex};

/// One handshake with all that goes into it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Static private keys, initiator's first.
    pub statics: [PrivateKey; 2],
    /// Ephemeral private keys, initiator's first.
    pub ephemerals: [PrivateKey; 2],
    /// All zero for none.
    pub psk: PresharedKey,
    /// Indices under which they receive, initiator's first.
    pub indices: [SessionIndex; 2],
    /// The initiation's own time.
    pub nanos: i64,
}

/// What comes of a handshake: both messages, and both ends ready for data.
pub struct Played {
    pub initiation: Initiation,
    pub response: Response,
    pub initiator: Keypair,
    pub responder: Keypair,
}

impl Scene {
    /// The `n`th of the fixed handshakes. Odd ones have a preshared key.
    pub fn fixed(n: u8) -> Self {
        let key = |tag| PrivateKey::from_bytes([tag; 32]);
        let psk = if n % 2 == 1 { PresharedKey::from_bytes([0x42; 32]) } else { PresharedKey::NONE };
        Self {
            statics: [key(0x11), key(0x22)],
            ephemerals: [key(0x40 + n), key(0x60 + n)],
            psk,
            indices: [SessionIndex(0x1111_1100 + u32::from(n)), SessionIndex(0x2222_2200 + u32::from(n))],
            nanos: 1_700_000_000_000_000_000 + i64::from(n),
        }
    }

    /// Both ends' parts.
    pub fn play(&self) -> Played {
        let Self {
            statics: [static_i, static_r],
            ephemerals: [ephemeral_i, ephemeral_r],
            psk,
            indices,
            nanos,
        } = self;
        let time = Tai64n::from_unix_nanos(*nanos);
        let (pending, initiation) = Initiator::start(
            static_i,
            &static_r.public(),
            psk,
            indices[0],
            ephemeral_i.clone(),
            time,
            &NoKeyLog,
        )
        .expect("no clamped key has a public half of low order");
        let received = Responder::receive(static_r, &initiation).expect("it is meant for this responder");
        assert_eq!(*received.initiator(), static_i.public());
        assert_eq!(received.timestamp(), time);
        let (response, responder) =
            received.respond(psk, indices[1], ephemeral_r, &NoKeyLog).expect("it was just received");
        let initiator = pending.finish(&response, &NoKeyLog).expect("it answers the initiation");
        assert_eq!(initiator.keys().send, responder.keys().receive);
        assert_eq!(initiator.keys().receive, responder.keys().send);
        Played { initiation, response, initiator, responder }
    }

    /// Key log lines of one end: 0 for the initiator, 1 for the responder.
    pub fn key_log(&self, end: usize) -> String {
        let mut text = String::new();
        let keys = HandshakeKeys {
            local_static: &self.statics[end],
            remote_static: &self.statics[1 - end].public(),
            local_ephemeral: &self.ephemerals[end],
            psk: &self.psk,
        };
        write_handshake(&mut text, &keys).expect("strings take everything");
        text
    }
}

/// Seals `packet` at one end.
pub fn seal(end: &mut Keypair, packet: &[u8]) -> Vec<u8> {
    const MTU: usize = 1420;
    let mut buffer = vec![0; message_len(packet.len(), MTU)];
    buffer[16..16 + packet.len()].copy_from_slice(packet);
    end.seal(&mut buffer, packet.len(), MTU).expect("the buffer is long enough").to_vec()
}

/// The key file of the seeds: of handshakes 0 and 1 the initiator's keys, of 2 the responder's, of 3
/// nothing but transport keys, of 4 and above nothing.
pub fn key_file() -> String {
    let mut text = [(0, 0), (1, 0), (2, 1)].map(|(n, end)| Scene::fixed(n).key_log(end)).concat();
    for line in Scene::fixed(3).play().initiator.keys().lines(None) {
        TransportLine::write(&line, &mut text).expect("strings take everything");
    }
    text
}

/// Keys of some committed captures, which are seeds too.
const CAPTURES: [&str; 9] = [
    include_str!("../../../captures/cookie/keys.log"),
    include_str!("../../../captures/fragments-ipv6/keys.log"),
    include_str!("../../../captures/gso/keys.log"),
    include_str!("../../../captures/late-handshake/keys.log"),
    include_str!("../../../captures/mid-session/transport.keys"),
    include_str!("../../../captures/psk/keys.log"),
    include_str!("../../../captures/rekey/keys.log"),
    include_str!("../../../captures/reserved-bytes/keys.log"),
    include_str!("../../../captures/two-peers-one-index/keys.log"),
];

/// What the pipeline target decrypts with.
pub fn secrets() -> &'static Secrets {
    static SECRETS: OnceLock<Secrets> = OnceLock::new();
    SECRETS.get_or_init(|| {
        let mut secrets = Secrets::new();
        for text in CAPTURES.into_iter().chain([key_file().as_str()]) {
            assert_eq!(secrets.add(text.as_bytes(), "fixed"), []);
        }
        secrets
    })
}
