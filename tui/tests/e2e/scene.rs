//! Tunnels and captures of them, made with the project's own two ends.

use std::path::PathBuf;

use tempfile::TempDir;
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};
use wgtrace_decrypt::keylog::NoKeyLog;
use wgtrace_decrypt::keypair::{Keypair, message_len};
use wgtrace_decrypt::noise::{Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex, TransportHeader};
use zerocopy::IntoBytes as _;

/// 2026-01-01; frames follow it a microsecond and a nanosecond apart.
pub(crate) const START: u64 = 1_767_225_600_000_000_000;
const STEP: u64 = 1_001;
const MTU: usize = 1420;

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the initiator.
    Forward,
    /// From the responder.
    Back,
}

/// Both ends of one session.
pub(crate) struct Tunnel {
    initiator: PrivateKey,
    responder: PrivateKey,
    ephemerals: [PrivateKey; 2],
    psk: PresharedKey,
    pub(crate) initiation: Initiation,
    pub(crate) response: Response,
    forward: Keypair,
    back: Keypair,
}

impl Tunnel {
    /// A session whose keys and indices follow from `seed`, which is below 32.
    pub(crate) fn new(seed: u8) -> Self {
        let secret = |part: u8| [seed * 8 + part; 32];
        let [initiator, responder, one, other] =
            [1, 2, 3, 4].map(|part| PrivateKey::from_bytes(secret(part)));
        let psk = PresharedKey::from_bytes(secret(5));
        let [local, remote] = [1, 2].map(|side| SessionIndex(u32::from(seed) << 8 | side));
        let time = Tai64n::from_unix_nanos(i64::try_from(START).unwrap());
        let to = responder.public();
        let (started, initiation) =
            Initiator::start(&initiator, &to, &psk, local, one.clone(), time, &NoKeyLog).unwrap();
        let received = Responder::receive(&responder, &initiation).unwrap();
        let (response, back) = received.respond(&psk, remote, &other, &NoKeyLog).unwrap();
        let forward = started.finish(&response, &NoKeyLog).unwrap();
        Self { initiator, responder, ephemerals: [one, other], psk, initiation, response, forward, back }
    }

    /// What the initiator knows, as Wireshark's key log lines.
    pub(crate) fn key_log(&self) -> String {
        format!(
            "LOCAL_STATIC_PRIVATE_KEY = {}\nREMOTE_STATIC_PUBLIC_KEY = {}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n",
            *self.initiator.expose_base64(),
            self.responder.public(),
            *self.ephemerals[0].expose_base64(),
            *self.psk.expose_base64(),
        )
    }

    /// Everything that opens more than this session.
    pub(crate) fn lasting_secrets(&self) -> Vec<[u8; 32]> {
        let private = [&self.initiator, &self.responder, &self.ephemerals[0], &self.ephemerals[1]];
        private.into_iter().map(|key| *key.expose()).chain([*self.psk.expose()]).collect()
    }

    /// The two keys of the session.
    pub(crate) fn transport_secrets(&self) -> [[u8; 32]; 2] {
        [&self.forward, &self.back].map(|end| *end.keys().send.expose())
    }

    /// The next message with `inner` in it.
    pub(crate) fn seal(&mut self, way: Way, inner: &[u8]) -> Vec<u8> {
        let mut message = vec![0; TransportHeader::LEN];
        message.extend_from_slice(inner);
        message.resize(message_len(inner.len(), MTU), 0);
        let end = match way {
            Way::Forward => &mut self.forward,
            Way::Back => &mut self.back,
        };
        end.seal(&mut message, inner.len(), MTU).unwrap();
        message
    }
}

/// A classic capture in nanoseconds, Ethernet.
pub(crate) struct Pcap {
    pub(crate) bytes: Vec<u8>,
    frames: u64,
}

impl Pcap {
    pub(crate) fn new() -> Self {
        let mut bytes = 0xa1b2_3c4d_u32.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
        Self { bytes, frames: 0 }
    }

    /// Appends a frame with `payload` in UDP; gives its number.
    pub(crate) fn frame(&mut self, way: Way, payload: &[u8]) -> u64 {
        let time = START + self.frames * STEP;
        self.frames += 1;
        let udp = u16::try_from(8 + payload.len()).unwrap();
        let len = 34 + u32::from(udp);
        for word in [time / 1_000_000_000, time % 1_000_000_000] {
            self.bytes.extend_from_slice(&u32::try_from(word).unwrap().to_le_bytes());
        }
        self.bytes.extend_from_slice(&[len.to_le_bytes(), len.to_le_bytes()].concat());
        let (src, dst) = match way {
            Way::Forward => ([172, 18, 0, 3], [172, 18, 0, 4]),
            Way::Back => ([172, 18, 0, 4], [172, 18, 0, 3]),
        };
        self.bytes.extend_from_slice(&[2, 0, 0, 0, 0, dst[3], 2, 0, 0, 0, 0, src[3], 8, 0]);
        self.bytes.extend_from_slice(&ipv4(udp + 20, src, dst));
        self.bytes.extend_from_slice(&51_871_u16.to_be_bytes().repeat(2));
        self.bytes.extend_from_slice(&udp.to_be_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(payload);
        self.frames
    }
}

/// When frame `number` was captured, in nanoseconds since 1970.
pub(crate) fn time_of(number: u64) -> u64 {
    START + (number - 1) * STEP
}

/// A numbered UDP packet of `len` bytes between two pods.
pub(crate) fn packet(way: Way, len: usize, number: u64) -> Vec<u8> {
    let (src, dst) = match way {
        Way::Forward => ([10, 0, 1, 203], [10, 0, 2, 194]),
        Way::Back => ([10, 0, 2, 194], [10, 0, 1, 203]),
    };
    let mut packet = ipv4(u16::try_from(len).unwrap(), src, dst);
    packet.extend_from_slice(&5001_u16.to_be_bytes().repeat(2));
    packet.extend_from_slice(&u16::try_from(len - 20).unwrap().to_be_bytes());
    packet.extend_from_slice(&[0, 0]);
    packet.extend_from_slice(&number.to_be_bytes());
    packet.resize(len, 0x77);
    packet
}

fn ipv4(total: u16, src: [u8; 4], dst: [u8; 4]) -> Vec<u8> {
    let [high, low] = total.to_be_bytes();
    [&[0x45, 0, high, low, 0, 0, 0x40, 0, 63, 17, 0, 0], src.as_slice(), &dst].concat()
}

/// A folder with a capture of one session, `eth0.pcap`, and its key log, `keys.log`.
pub(crate) struct Scene {
    dir: TempDir,
    pub(crate) tunnel: Tunnel,
    pub(crate) capture: Vec<u8>,
    /// The inner packets: number of the frame, direction, bytes.
    pub(crate) inner: Vec<(u64, Way, Vec<u8>)>,
}

impl Scene {
    /// A handshake, seven packets of different lengths, a keepalive.
    pub(crate) fn new() -> Self {
        let mut tunnel = Tunnel::new(1);
        let mut pcap = Pcap::new();
        pcap.frame(Way::Forward, tunnel.initiation.as_bytes());
        pcap.frame(Way::Back, tunnel.response.as_bytes());
        let mut inner = Vec::new();
        let keepalive = tunnel.seal(Way::Forward, &[]);
        pcap.frame(Way::Forward, &keepalive);
        for (number, len) in (0..).zip([84, 61, 1420, 40, 576, 1419, 52]) {
            let way = if number % 2 == 0 { Way::Forward } else { Way::Back };
            let packet = packet(way, len, number);
            let frame = pcap.frame(way, &tunnel.seal(way, &packet));
            inner.push((frame, way, packet));
        }
        let scene = Self { dir: TempDir::new().unwrap(), tunnel, capture: pcap.bytes, inner };
        scene.put("eth0.pcap", &scene.capture);
        scene.put("keys.log", scene.tunnel.key_log().as_bytes());
        scene
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same, for a command line.
    pub(crate) fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Puts a file into the folder and gives its path.
    pub(crate) fn put(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.arg(name)
    }

    /// Names of the files in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `decrypt eth0.pcap -k keys.log` and more.
    pub(crate) fn decrypt(&self, more: &[&str]) -> Vec<String> {
        let args = ["decrypt".to_owned(), self.arg("eth0.pcap"), "-k".to_owned(), self.arg("keys.log")];
        args.into_iter().chain(more.iter().map(|&arg| arg.to_owned())).collect()
    }

    /// The bytes of the inner packets.
    pub(crate) fn packets(&self) -> Vec<&[u8]> {
        self.inner.iter().map(|(_, _, packet)| packet.as_slice()).collect()
    }
}
