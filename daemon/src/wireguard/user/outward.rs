//! From the TUN to the UDP socket.

use std::sync::Arc;
use std::time::Instant;

use quinn_udp::EcnCodepoint;
use wgtrace_decrypt::keypair::message_len;
use wgtrace_tunnel::{Outbound, Routes, Sent, Session};
use wgtrace_wire::wireguard::TransportHeader;
use zerocopy::{FromBytes as _, IntoBytes as _};

use super::core::Core;
use super::ecn;
use super::hold::Backlog;
use super::losses::Loss;
use super::offload::{Segments, VnetHeader};
use super::reflected;
use super::tun::Tun;
use super::udp::{SuperFrame, Udp};

/// Reads packets, seals them one behind the other, sends them in super-frames.
pub(super) struct Outward {
    /// What the TUN gives.
    buffer: Vec<u8>,
    messages: Vec<u8>,
    used: usize,
    frames: Vec<Frame>,
    /// Read while there was nothing to seal it under.
    backlog: Backlog,
}

/// What came from the TUN in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// Each segment of a super-packet is one.
    pub(super) packets: usize,
    /// Whether nothing is left there.
    pub(super) is_all: bool,
}

/// Messages that leave in one call: of one session, with consecutive counters.
struct Frame {
    out: Outbound,
    start: usize,
    end: usize,
    size: usize,
    count: usize,
    next_counter: u64,
    ecn: Option<EcnCodepoint>,
}

impl Outward {
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; Tun::MOST_BYTES],
            messages: vec![0; ROOM],
            used: 0,
            frames: Vec::with_capacity(MOST_FRAMES),
            backlog: Backlog::default(),
        }
    }

    /// Sends what there is, up to some amount. If it was not all, the last super-frame waits for what comes
    /// next.
    pub(super) fn batch(&mut self, core: &Core, udp: &Udp) -> Batch {
        if core.hold.is_on() && core.hold.left().is_some() {
            return self.hold(core);
        }
        let (now, mtu, routes) = (Instant::now(), core.mtu(), core.path.routes());
        while let Some(held) = self.backlog.pop() {
            if let Ok((header, packet)) = VnetHeader::read_from_prefix(&held) {
                self.take(core, udp, &routes, now, mtu, (header, packet));
            }
        }
        // Taken out, so that the rest of `self` can be worked on beside it.
        let mut buffer = std::mem::take(&mut self.buffer);
        let (mut is_all, mut bytes, mut packets) = (false, 0, 0);
        for _ in 0..MOST_READS {
            match core.tun.read(&mut buffer) {
                Ok(Some((header, packet))) => {
                    bytes += packet.len();
                    packets += self.take(core, udp, &routes, now, mtu, (header, packet));
                }
                Ok(None) => is_all = true,
                Err(error) => {
                    core.losses.add(Loss::TunRead, 1);
                    tracing::debug!(%error, "reading from the TUN");
                    is_all = true;
                }
            }
            if is_all {
                self.flush(core, udp);
            }
            if is_all || bytes >= MOST_READ {
                break;
            }
        }
        self.buffer = buffer;
        Batch { packets, is_all }
    }

    /// Reads what there is, as long as there is room, and seals nothing.
    fn hold(&mut self, core: &Core) -> Batch {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut packets = 0;
        while !self.backlog.is_full()
            && let Ok(Some((header, packet))) = core.tun.read(&mut buffer)
        {
            self.backlog.push(header.as_bytes(), packet);
            packets += 1;
        }
        self.buffer = buffer;
        if self.backlog.is_full() {
            core.hold.give_up();
        }
        Batch { packets, is_all: !self.backlog.is_full() }
    }

    /// Seals the packets that one read stands for; how many they are.
    fn take(
        &mut self,
        core: &Core,
        udp: &Udp,
        routes: &Routes,
        now: Instant,
        mtu: usize,
        (header, packet): (VnetHeader, &[u8]),
    ) -> usize {
        match Segments::of(header, packet) {
            // Without a route: counted there.
            Ok(segments) => {
                if let Ok(lane) = routes.outbound(segments.packet()) {
                    match lane.outbound(now) {
                        Some(out) if reflected::is_own(segments.packet(), udp.port(), out.endpoint) => {
                            core.losses.add(Loss::RoutingLoop, segments.len() as u64);
                        }
                        Some(out) => {
                            if out.is_suspected {
                                keep(core, &segments, &out);
                            }
                            self.seal(core, udp, now, mtu, &segments, &out);
                        }
                        None => stage(core, &segments),
                    }
                }
                segments.len()
            }
            Err(error) => {
                core.losses.add(Loss::MalformedSuperPacket, 1);
                tracing::debug!(%error, "packet from the TUN");
                1
            }
        }
    }

    fn seal(
        &mut self,
        core: &Core,
        udp: &Udp,
        now: Instant,
        mtu: usize,
        segments: &Segments<'_>,
        out: &Outbound,
    ) {
        let ecn = ecn::of(segments.packet());
        // Refused: counted there.
        let Ok(mut run) = out.session.reserve(now, segments.len() as u64) else { return };
        for at in 0..segments.len() {
            let len = segments.packet_len(at);
            let need = message_len(len, mtu);
            if self.is_to_go(need) {
                self.flush(core, udp);
            }
            let start = self.used;
            let Some(slot) = self.messages.get_mut(start..start + need) else { return };
            segments.write(at, slot.get_mut(TransportHeader::LEN..).unwrap_or_default());
            let Ok(message) = run.seal(slot, len, mtu) else { return };
            let counter =
                TransportHeader::ref_from_prefix(message).map_or(0, |(header, _)| header.counter.get());
            self.used += need;
            self.append(out, start, need, counter, ecn);
        }
    }

    /// Whether what is sealed has to be sent before a message of `need` bytes is added: as soon as it is
    /// enough, but never before a super-frame is as long as it can be. What one read gives fills one and
    /// begins the next (45 of its 47 segments with an MTU of 1420), which the next read goes on with.
    fn is_to_go(&self, need: usize) -> bool {
        let is_open = self.frames.last().is_some_and(|frame| frame.is_open(need));
        (self.used >= ENOUGH && !is_open)
            || self.used + need > ROOM
            || (self.frames.len() >= MOST_FRAMES && !is_open)
    }

    /// Makes a sealed message part of the last super-frame, if it continues it, or of a new one.
    fn append(&mut self, out: &Outbound, start: usize, len: usize, counter: u64, ecn: Option<EcnCodepoint>) {
        if let Some(frame) = self.frames.last_mut()
            && frame.next_counter == counter
            && Arc::ptr_eq(&frame.out.session, &out.session)
            && frame.out.endpoint == out.endpoint
            && frame.ecn == ecn
            && frame.is_open(len)
        {
            frame.end += len;
            frame.count += 1;
            frame.next_counter += 1;
            return;
        }
        let (out, end, next_counter) = (out.clone(), start + len, counter.wrapping_add(1));
        self.frames.push(Frame { out, start, end, size: len, count: 1, next_counter, ecn });
    }

    /// Sends what is sealed.
    pub(super) fn flush(&mut self, core: &Core, udp: &Udp) {
        for frame in &self.frames {
            let messages = self.messages.get(frame.start..frame.end).unwrap_or_default();
            let (destination, size, ecn) = (frame.out.endpoint, frame.size, frame.ecn);
            core.send(udp, SuperFrame { destination, messages, size, ecn });
        }
        self.used = 0;
        if self.frames.is_empty() {
            return;
        }
        core.with_device(|device, now, rng| {
            let mut frames = self.frames.drain(..).peekable();
            while let Some(frame) = frames.next() {
                let mut sent = frame.sent();
                let session: Arc<Session> = frame.out.session;
                while let Some(next) = frames.next_if(|next| Arc::ptr_eq(&next.out.session, &session)) {
                    sent.merge(next.sent());
                }
                device.handle_sent(now, rng, &session, sent);
            }
        });
    }
}

impl Frame {
    /// Whether a message of `len` bytes fits behind the others.
    fn is_open(&self, len: usize) -> bool {
        let bytes = self.end - self.start;
        len <= self.size
            && bytes == self.count * self.size
            && self.count < Udp::MOST_MESSAGES
            && bytes + len <= Udp::MOST_BYTES
    }

    fn sent(&self) -> Sent {
        Sent { bytes: (self.end - self.start) as u64, data: true }
    }
}

/// The peer is said to be gone: the state machine keeps the packets, and they are sent all the same.
fn keep(core: &Core, segments: &Segments<'_>, out: &Outbound) {
    core.with_device(|device, _, _| each(segments, |packet| device.keep(&out.session, packet)));
}

/// Without a session: the state machine keeps the packets, and asks for one.
fn stage(core: &Core, segments: &Segments<'_>) {
    core.with_device(|device, now, rng| {
        each(segments, |packet| {
            // Refused: counted there.
            let _ = device.handle_packet(now, rng, packet);
        });
    });
}

fn each(segments: &Segments<'_>, mut act: impl FnMut(&[u8])) {
    let mut packet = vec![0; segments.packet_len(0)];
    for at in 0..segments.len() {
        let len = segments.packet_len(at);
        segments.write(at, &mut packet);
        act(packet.get(..len).unwrap_or_default());
    }
}

/// Sealed bytes that are sent once their last super-frame is full.
const ENOUGH: usize = 32 << 10;
/// Room for sealed messages: nearly enough of them, and one more super-frame.
const ROOM: usize = 128 << 10;
const MOST_FRAMES: usize = 64;
/// Reads of one batch, and bytes, after which it is the other direction's turn.
const MOST_READS: usize = 64;
const MOST_READ: usize = 512 << 10;
