//! Decrypted packets that carry WireGuard messages again.

use std::net::SocketAddr;
use std::ops::Range;

use wgtrace_wire::Protocol;
use wgtrace_wire::wireguard::{
    CookieReply, Initiation, Response, SessionIndex, TAG_LEN, TransportHeader, reserved_is_zero,
};

use crate::dissect::Dissector;
use crate::pipeline::batch::Event;

/// WireGuard messages found in the opened packets of one chunk, all inside equally many tunnels.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Layer {
    /// The messages in the order of the capture.
    pub(in crate::pipeline) messages: Vec<Nested>,
    /// What they consist of: the output need not hold their carriers, and moves while it grows.
    pub(in crate::pipeline) bytes: Vec<u8>,
    /// What came of the transport messages among them, in order.
    pub(in crate::pipeline) events: Vec<Event>,
}

/// A datagram in a decrypted packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline) struct Nested {
    /// Position of the outermost frame in the chunk.
    pub(in crate::pipeline) position: usize,
    /// Receiver index of the message that the packet came in.
    pub(super) carrier: SessionIndex,
    /// Offset in the output behind that packet's record.
    pub(super) behind: usize,
    /// The datagram's payload in the layer's bytes.
    pub(super) payload: Range<usize>,
    /// Length of the payload by the headers.
    pub(super) claimed: usize,
    /// Sender's address.
    pub(in crate::pipeline) src: SocketAddr,
}

impl Layer {
    /// Takes a copy of the message in `packet`, if there is one; where its records go is left to
    /// [`Layer::put_behind`].
    #[inline]
    pub(in crate::pipeline) fn keep(
        &mut self,
        packet: &[u8],
        position: usize,
        carrier: SessionIndex,
    ) -> bool {
        may_carry(packet) && self.keep_found(packet, position, carrier)
    }

    /// The records of the message kept last go behind this offset in the output.
    pub(in crate::pipeline) fn put_behind(&mut self, offset: usize) {
        if let Some(last) = self.messages.last_mut() {
            last.behind = offset;
        }
    }

    pub(in crate::pipeline) fn clear(&mut self) {
        self.messages.clear();
        self.bytes.clear();
        self.events.clear();
    }

    #[cold]
    fn keep_found(&mut self, packet: &[u8], position: usize, carrier: SessionIndex) -> bool {
        let Some((src, payload, claimed)) = message_in(packet) else { return false };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        let payload = start..self.bytes.len();
        self.messages.push(Nested { position, carrier, behind: 0, payload, claimed, src });
        true
    }
}

/// IPv4 header, UDP header, header and tag of a transport message: nothing shorter is of interest.
const LEAST: usize = 20 + 8 + TransportHeader::LEN + TAG_LEN;

/// Whether it is worth to dissect `packet`.
///
/// Every decrypted packet comes through here: for TCP and plain UDP, which captures are full of, it
/// is one bounds check and three loads from what was decrypted a moment ago.
#[inline]
fn may_carry(packet: &[u8]) -> bool {
    let Some(head) = packet.first_chunk::<LEAST>() else { return false };
    let (protocol, port, word) = match head {
        [0x45, ..] => (head[9], [head[22], head[23]], [head[28], head[29], head[30], head[31]]),
        [0x60..=0x6f, ..] => (head[6], [head[42], head[43]], [head[48], head[49], head[50], head[51]]),
        // IPv4 with options.
        _ => return true,
    };
    match Protocol(protocol) {
        // Type and reserved bytes (whitepaper 5.4).
        Protocol::UDP => {
            matches!(u32::from_le_bytes(word), 1..=4) || Dissector::tunnels(u16::from_be_bytes(port))
        }
        Protocol::TCP | Protocol::ICMP | Protocol::ICMPV6 => false,
        // Tunnels without UDP, and extension headers.
        _ => true,
    }
}

/// The WireGuard message in an IP packet: sender, payload, and the payload's length by the headers.
fn message_in(packet: &[u8]) -> Option<(SocketAddr, &[u8], usize)> {
    let (src, _, payload, claimed) = Dissector::bare(packet)?;
    let payload = packet.get(payload)?;
    let fits = match *payload.first()? {
        Initiation::TYPE => claimed == Initiation::LEN,
        Response::TYPE => claimed == Response::LEN,
        CookieReply::TYPE => claimed == CookieReply::LEN,
        TransportHeader::TYPE => {
            claimed >= TransportHeader::LEN + TAG_LEN && payload.len() >= TransportHeader::LEN
        }
        _ => false,
    };
    (fits && reserved_is_zero(payload)).then_some((src, payload, claimed))
}

#[cfg(test)]
mod tests;
