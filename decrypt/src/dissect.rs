//! Frames in, UDP datagrams out: whatever lies between a capture's link layer and WireGuard.
//!
//! Nothing is decided by port, but for the tunnels that have one: any datagram may be WireGuard's.
//! Checksums are not looked at, because offloading leaves them unfinished in host captures.

mod counts;
mod link;
mod reassembly;
mod span;
mod tunnel;
mod walk;

use std::net::SocketAddr;
use std::ops::Range;

use wgtrace_wire::EtherType;

use crate::capture::{Chunk, LinkType};
use counts::bump;
pub use counts::{Counts, FragmentCounts};
use reassembly::{Inserted, Reassembly};
use span::{Loss, Span};
use walk::{Found, Layer, Place, walk};

/// A UDP datagram found in a frame; of nested tunnels, the innermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Index into [`Chunk::frames`]; of a fragmented datagram, the frame that completed it.
    pub frame: usize,
    /// Source address and port.
    pub src: SocketAddr,
    /// Destination address and port.
    pub dst: SocketAddr,
    /// Where the payload is in [`Chunk::bytes`].
    pub payload: Range<usize>,
    /// Payload length in bytes by the headers; more than `payload` has when the capture cut it.
    pub claimed: usize,
}

/// Finds datagrams in frames, given in capture order; keeps fragments and counts between them.
#[derive(Debug, Default)]
pub struct Dissector {
    counts: Counts,
    fragments: Reassembly,
}

impl Dissector {
    /// A dissector that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the datagrams of frame `index` of `chunk` to `out`; none when there is no such frame.
    ///
    /// A datagram completed by this frame's fragment is appended to the tail of `chunk.bytes`, and
    /// named from there.
    pub fn dissect(&mut self, chunk: &mut Chunk, index: usize, out: &mut Vec<Datagram>) {
        let Some(frame) = chunk.frames.get(index) else { return };
        bump(&mut self.counts.frames);
        self.fragments.tick(&mut self.counts.fragments);
        let bytes = chunk.data(frame);
        let original = usize::try_from(frame.original_len).unwrap_or(usize::MAX);
        let span = Span::new(bytes, frame.data.start, original);
        match link::start(frame.link, span).and_then(|(layer, span)| walk(layer, span, 0)) {
            Ok(Found::Datagram(place)) => self.found(place, index, out),
            Ok(Found::Fragment(part)) => match self.reassemble(chunk, part) {
                Ok(Some(place)) => self.found(place, index, out),
                Ok(None) => {}
                Err(loss) => self.counts.lose(loss),
            },
            Err(loss) => self.counts.lose(loss),
        }
    }

    /// The datagram of a bare IP packet, without reassembly: source, destination, where its payload
    /// is in `packet`, and the payload's length by the headers.
    ///
    /// For tunnels inside tunnels: a decrypted packet may carry WireGuard again.
    pub fn bare(packet: &[u8]) -> Option<(SocketAddr, SocketAddr, Range<usize>, usize)> {
        match walk(Layer::Ip, Span::new(packet, 0, packet.len()), 0) {
            Ok(Found::Datagram(it)) => Some((it.src(), it.dst(), it.payload, it.claimed)),
            Ok(Found::Fragment(_)) | Err(_) => None,
        }
    }

    /// Where the IP packet of a frame begins that has another link layer than ethernet; `None` where there is none.
    pub fn ip_offset(link: LinkType, frame: &[u8]) -> Option<usize> {
        let (layer, rest) = link::start(link, Span::new(frame, 0, frame.len())).ok()?;
        match layer {
            Layer::Ip | Layer::Typed(EtherType::IPV4 | EtherType::IPV6) => Some(rest.at),
            Layer::Ethernet | Layer::Typed(_) | Layer::Ppp => None,
        }
    }

    /// Whether datagrams to `port` may be a tunnel's that [`Dissector::bare`] descends into.
    pub(crate) fn tunnels(port: u16) -> bool {
        tunnel::has_port(port)
    }

    /// What was seen so far, and why frames yielded nothing.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    fn found(&mut self, place: Place, frame: usize, out: &mut Vec<Datagram>) {
        bump(&mut self.counts.datagrams);
        let (src, dst) = (place.src(), place.dst());
        out.push(Datagram { frame, src, dst, payload: place.payload, claimed: place.claimed });
    }

    /// Adds `part` to its datagram; the place of what that leads to, or `None` while parts miss.
    fn reassemble(&mut self, chunk: &mut Chunk, mut part: walk::Part) -> Result<Option<Place>, Loss> {
        for _ in 0..MAX_REASSEMBLIES {
            let data = chunk.bytes.get(part.data.clone()).unwrap_or_default();
            let whole = match self.fragments.insert(&part, data, &mut self.counts.fragments) {
                Inserted::Complete(whole) => whole,
                Inserted::Kept => return Ok(None),
                Inserted::Malformed => return Err(Loss::Malformed),
            };
            let at = chunk.bytes.len();
            whole.append_to(&mut chunk.bytes);
            let bytes = chunk.bytes.get(at..).unwrap_or_default();
            match walk::upper(&part.key.ends, part.key.protocol, Span::new(bytes, at, whole.len()), 0)? {
                Found::Datagram(place) => return Ok(Some(place)),
                Found::Fragment(inner) => part = inner,
            }
        }
        Err(Loss::TooDeep)
    }
}

/// Datagrams completed by one frame, one inside the other: each is copied once, and a hostile nest
/// of them must not multiply the memory of a chunk.
const MAX_REASSEMBLIES: usize = 2;

#[cfg(test)]
mod tests;
