//! From the UDP socket to the TUN.

use std::io::IoSliceMut;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use quinn_udp::{EcnCodepoint, RecvMeta};
use wgtrace_tunnel::{Received, Routes, Session};
use wgtrace_wire::wireguard::{SessionIndex, TransportHeader};
use zerocopy::FromBytes as _;

use super::core::Core;
use super::ecn;
use super::losses::Loss;
use super::offload::Coalescer;
use super::udp::Udp;

/// Receives super-frames, opens their messages where they lie, writes super-packets.
pub(super) struct Inward {
    buffer: Vec<u8>,
    metas: [RecvMeta; SUPER_FRAMES],
    packets: Coalescer,
    gathered: usize,
    /// Whether the socket says that datagrams have come back.
    has_returned: bool,
    /// What came under which session in this batch.
    reports: Vec<(Arc<Session>, Received)>,
}

impl Inward {
    pub(super) fn new(core: &Core) -> Self {
        Self {
            buffer: vec![0; SUPER_FRAMES * FRAME_ROOM],
            metas: [RecvMeta::default(); SUPER_FRAMES],
            packets: Coalescer::new(1024, core.tun.has_udp_offload()),
            gathered: 0,
            has_returned: false,
            reports: Vec::with_capacity(SUPER_FRAMES),
        }
    }

    /// Receives what there is, up to some amount, and writes what is in it; how many messages it was.
    pub(super) fn batch(&mut self, core: &Core, udp: &Udp) -> usize {
        let mut frames = self.buffer.chunks_exact_mut(FRAME_ROOM);
        let mut buffers: [_; SUPER_FRAMES] =
            std::array::from_fn(|_| IoSliceMut::new(frames.next().unwrap_or_default()));
        let mut received = udp.receive(&mut buffers, &mut self.metas);
        if let Err(error) = received {
            // One that came back; what had arrived before it is looked at first.
            tracing::trace!(%error, "a datagram came back");
            self.has_returned = true;
            received = udp.receive(&mut buffers, &mut self.metas);
        }
        let count = match received {
            Ok(count) => count.map_or(0, |count| self.open(core, count)),
            Err(error) => {
                core.losses.add(Loss::UdpReceive, 1);
                tracing::debug!(%error, "receiving");
                0
            }
        };
        if std::mem::take(&mut self.has_returned) {
            core.take_returned(udp);
        }
        count
    }

    /// Has the next batch look for datagrams that came back.
    pub(super) fn look_for_returned(&mut self) {
        self.has_returned = true;
    }

    /// Opens the messages of `count` super-frames.
    fn open(&mut self, core: &Core, count: usize) -> usize {
        let mut messages = 0;
        let now = Instant::now();
        let routes = core.path.routes();
        for at in 0..count {
            let Some(meta) = self.metas.get(at).copied() else { break };
            let (start, stride) = (at * FRAME_ROOM, meta.stride.max(1));
            let mut message = start;
            while message < start + meta.len {
                let end = (message + stride).min(start + meta.len);
                self.take(core, &routes, now, &meta, message..end);
                (message, messages) = (end, messages + 1);
            }
            if self.gathered >= ENOUGH {
                self.flush(core);
            }
        }
        self.flush(core);
        messages
    }

    /// Opens one message.
    fn take(&mut self, core: &Core, routes: &Routes, now: Instant, meta: &RecvMeta, range: Range<usize>) {
        let (start, bytes) = (range.start, range.len() as u64);
        let Some(message) = self.buffer.get_mut(range) else { return };
        if message.first() != Some(&TransportHeader::TYPE) {
            // Refused: counted there, as everything below.
            let _ = core.with_device(|device, now, rng| {
                device.handle_datagram(now, rng, meta.addr, message).map(|_| ())
            });
            return;
        }
        let Some(session) = session(&self.reports, core, message) else { return };
        let Ok(plain) = session.open(now, message) else { return };
        let received = Received { source: meta.addr, bytes, data: !plain.is_empty() };
        if !plain.is_empty()
            && let Ok(packet) = routes.inbound(&session, plain)
        {
            if meta.ecn == Some(EcnCodepoint::Ce) {
                ecn::set_congested(packet);
            }
            let start = start + TransportHeader::LEN;
            let range = start..start + packet.len();
            self.gathered += range.len();
            self.packets.push(&self.buffer, range);
        }
        self.report(session, received);
    }

    /// Adds to what came under a session; sources are kept apart, so that the last is known.
    fn report(&mut self, session: Arc<Session>, received: Received) {
        match self.reports.iter_mut().rev().find(|(known, _)| Arc::ptr_eq(known, &session)) {
            Some((_, known)) => known.merge(received),
            None => self.reports.push((session, received)),
        }
    }

    /// Tells the state machine what came, then writes it: an answer has to find the endpoint that the packet came from.
    fn flush(&mut self, core: &Core) {
        if !self.reports.is_empty() {
            core.with_device(|device, now, rng| {
                for (session, received) in self.reports.drain(..) {
                    device.handle_received(now, rng, &session, received);
                }
            });
        }
        self.gathered = 0;
        self.packets.flush(&mut self.buffer, |parts| {
            if let Err(error) = core.tun.write(parts) {
                core.losses.add(Loss::TunWrite, 1);
                tracing::debug!(%error, "writing to the TUN");
            }
        });
    }
}

/// The session that a message is for; nearly always that of the message before.
fn session(reports: &[(Arc<Session>, Received)], core: &Core, message: &[u8]) -> Option<Arc<Session>> {
    let (header, _) = TransportHeader::ref_from_prefix(message).ok()?;
    let index = SessionIndex(header.receiver.get());
    match reports.last() {
        Some((last, _)) if last.local() == index => Some(Arc::clone(last)),
        _ => core.path.session(message).ok(),
    }
}

/// Super-frames received in one call, after which it is the other direction's turn.
const SUPER_FRAMES: usize = 8;
const FRAME_ROOM: usize = 1 << 16;
/// Opened bytes after which packets are written, though there may be more.
const ENOUGH: usize = 64 << 10;
