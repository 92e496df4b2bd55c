//! What went in, under which keys it was sealed, and what may still come out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::keylog::{KeyLog, SessionKeys};
use wgtrace_decrypt::keypair::{Keypair, ReceiveHalf};
use wgtrace_wire::wireguard::TransportHeader;
use zerocopy::FromBytes as _;

/// Every inner packet and every nonce.
#[derive(Default)]
pub struct Book {
    entries: Vec<Entry>,
    /// By the bytes that hold a packet's number.
    by_start: BTreeMap<[u8; START], Vec<usize>>,
    /// Sending keys and the counters used under them.
    nonces: BTreeSet<([u8; 32], u64)>,
    /// By device and receiver index.
    openers: BTreeMap<(usize, u32), Vec<Opener>>,
}

/// A packet that a device took from the inside.
struct Entry {
    from: PublicKey,
    to: PublicKey,
    bytes: Vec<u8>,
    /// How often it may be sealed: once more where a copy was kept.
    may: u32,
    sealed: u32,
    arrived: u32,
}

/// What opens the messages of one session that a device sends.
struct Opener {
    half: ReceiveHalf,
    key: [u8; 32],
    peer: PublicKey,
}

/// Both ends of a packet's way, by key.
#[derive(Clone, Copy)]
pub struct Ends {
    pub from: PublicKey,
    pub to: PublicKey,
}

impl Book {
    /// Learns the keys that a device showed.
    pub fn learn(&mut self, node: usize, shown: &Shown) {
        for keys in shown.0.lock().expect("nobody panics with it").drain(..) {
            let SessionKeys { role, local, remote, peer, send, receive } = keys;
            let (key, turned) = (*send.expose(), (receive, send));
            let theirs = SessionKeys {
                role: role.other(),
                local: remote,
                remote: local,
                peer,
                send: turned.0,
                receive: turned.1,
            };
            let (_, _, half) = Keypair::new(theirs).into_halves();
            self.openers.entry((node, remote.0)).or_default().push(Opener { half, key, peer });
        }
    }

    /// A packet goes in; returns its place, for a refusal.
    pub fn enters(&mut self, ends: Ends, bytes: &[u8]) -> usize {
        let Ends { from, to } = ends;
        let place = self.entries.len();
        self.by_start.entry(start(bytes)).or_default().push(place);
        self.entries.push(Entry { from, to, bytes: bytes.to_vec(), may: 1, sealed: 0, arrived: 0 });
        place
    }

    /// It was refused, and must not be seen again.
    pub fn refused(&mut self, place: usize) {
        let entry = &mut self.entries[place];
        assert!(entry.sealed == 0, "sealed and refused");
        entry.may = 0;
    }

    /// A copy of it is kept, to be sent once more.
    pub fn kept(&mut self, place: usize) {
        self.entries[place].may += 1;
    }

    /// Somebody without a device sealed it.
    pub fn sealed(&mut self, place: usize) {
        self.entries[place].sealed = 1;
    }

    /// A device sent a transport message: its key was shown before, its nonce is new, and it holds
    /// what entered for this peer, once, or as often as it was kept.
    pub fn sent(&mut self, node: usize, message: &[u8]) {
        let (header, _) = TransportHeader::ref_from_prefix(message).expect("it was made by a device");
        let mut copies =
            self.openers.get(&(node, header.receiver.get())).into_iter().flatten().map(|opener| {
                let mut copy = message.to_vec();
                opener.half.open(&mut copy).map(|(_, plain)| (opener.key, opener.peer, plain.to_vec()))
            });
        let (key, peer, plain) = copies.find_map(Result::ok).expect("nobody was shown the key in use");
        assert!(self.nonces.insert((key, header.counter.get())), "{} is used twice", header.counter);
        if plain.is_empty() {
            return;
        }
        let places = self.by_start.get(&start(&plain)).into_iter().flatten().copied();
        let fits = |entry: &Entry| {
            plain.len().checked_sub(entry.bytes.len()).is_some_and(|padding| padding < 16)
                && entry.holds(&plain)
        };
        let is_it = |entry: &Entry| entry.sealed < entry.may && entry.to == peer && fits(entry);
        let place = places.clone().find(|&place| is_it(&self.entries[place]));
        self.entries[place.expect("sealed what nobody put in, or sealed it twice")].sealed += 1;
    }

    /// A packet came out of a tunnel: the other end put it in, for this one, and it is the first time.
    pub fn arrives(&mut self, ends: Ends, packet: &[u8]) {
        let places = self.by_start.get(&start(packet)).into_iter().flatten().copied();
        let is_it = |entry: &Entry| {
            entry.arrived < entry.sealed
                && entry.from == ends.from
                && entry.to == ends.to
                && entry.holds(packet)
        };
        let place = places.clone().find(|&place| is_it(&self.entries[place]));
        self.entries[place.expect("out came what nobody sent, or it came twice")].arrived += 1;
    }

    /// Whether the packet at `place` has come out.
    pub fn has_arrived(&self, place: usize) -> bool {
        self.entries[place].arrived > 0
    }
}

impl Entry {
    /// Whether `bytes` is this packet, more or less of its padding, or the part that its header claims.
    fn holds(&self, bytes: &[u8]) -> bool {
        let (packet, padding) = bytes.split_at(self.bytes.len().min(bytes.len()));
        self.bytes.starts_with(packet) && padding.iter().all(|byte| *byte == 0)
    }
}

fn start(packet: &[u8]) -> [u8; START] {
    *packet.first_chunk().expect("no IP header is shorter")
}

const START: usize = 8;

/// The keys that a device has shown, and the book has not seen yet.
#[derive(Default)]
pub struct Shown(Mutex<Vec<SessionKeys>>);

impl KeyLog for Shown {
    fn session(&self, keys: &SessionKeys) {
        self.0.lock().expect("nobody panics with it").push(keys.clone());
    }
}
