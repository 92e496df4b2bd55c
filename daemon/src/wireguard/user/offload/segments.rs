//! Super-packets from the kernel, taken apart.

use zerocopy::FromBytes as _;

use super::OffloadError;
use super::checksum::Sum;
use super::headers::{Ipv4Header, Ipv6Header, Network, TcpHeader, UdpHeader, view};
use super::vnet::{Gso, VnetHeader};

/// What one read from the device stands for: one packet, or several that share their headers.
///
/// Checked as a whole by [`Segments::of`]; writing them cannot fail afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Segments<'p> {
    packet: &'p [u8],
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A packet as it is.
    Plain,
    /// A packet with a checksum to complete.
    Partial { start: usize, offset: usize },
    /// A super-packet: all headers take `headers` bytes, the last of them from `transport`.
    Super { gso: Gso, transport: usize, headers: usize, size: usize },
}

impl<'p> Segments<'p> {
    /// Takes the packet behind `header` apart, without touching it.
    pub fn of(header: VnetHeader, packet: &'p [u8]) -> Result<Self, OffloadError> {
        Network::parse(packet)?;
        let start = usize::from(header.csum_start.get());
        let kind = match header.gso()? {
            None if !header.needs_checksum() => Kind::Plain,
            None => {
                let offset = usize::from(header.csum_offset.get());
                let (need, have) = (start + offset + 2, packet.len());
                if need > have {
                    return Err(OffloadError::Truncated { need, have });
                }
                Kind::Partial { start, offset }
            }
            Some(gso) => {
                let size = usize::from(header.gso_size.get());
                if size == 0 || !header.needs_checksum() {
                    return Err(OffloadError::NoSegmentSize);
                }
                check_network(gso, packet, start)?;
                let headers = start + transport_len(gso, packet.get(start..).unwrap_or_default())?;
                Kind::Super { gso, transport: start, headers, size }
            }
        };
        Ok(Self { packet, kind })
    }

    /// The destination is the same for all: this packet has it.
    pub fn packet(&self) -> &'p [u8] {
        self.packet
    }

    /// How many packets.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        match self.kind {
            Kind::Plain | Kind::Partial { .. } => 1,
            Kind::Super { headers, size, .. } => {
                self.packet.len().saturating_sub(headers).div_ceil(size).max(1)
            }
        }
    }

    /// Length of the `at`th packet in bytes: of all but the last that of the first.
    pub fn packet_len(&self, at: usize) -> usize {
        match self.kind {
            Kind::Plain | Kind::Partial { .. } => self.packet.len(),
            Kind::Super { headers, .. } => headers + self.payload(at).len(),
        }
    }

    /// Writes the `at`th packet, checksums and all, to the front of `into`, which has room for it.
    #[inline]
    pub fn write(&self, at: usize, into: &mut [u8]) {
        match self.kind {
            Kind::Plain => copy(self.packet, into),
            Kind::Partial { start, offset } => {
                let (front, rest) = self.packet.split_at_checked(start).unwrap_or_default();
                copy(front, into);
                let Some(room) = into.get_mut(start..start + rest.len()) else { return };
                let checksum = Sum::default().add_copy(rest, room).finish_nonzero();
                if let Some(field) = room.get_mut(offset..offset + 2) {
                    field.copy_from_slice(&checksum);
                }
            }
            Kind::Super { gso, transport, headers, .. } => {
                let payload = self.payload(at);
                let (front, _) = self.packet.split_at_checked(headers).unwrap_or_default();
                copy(front, into);
                let Some(packet) = into.get_mut(..headers + payload.len()) else { return };
                let Some((room, content)) = packet.split_at_mut_checked(headers) else { return };
                let sum = Sum::default().add_copy(payload, content);
                self.finish(at, gso, room.split_at_mut(transport.min(headers)), payload.len(), sum);
            }
        }
    }

    /// Makes the headers those of the `at`th packet; `sum` is its payload's.
    #[inline]
    fn finish(
        &self,
        at: usize,
        gso: Gso,
        (network, transport): (&mut [u8], &mut [u8]),
        payload: usize,
        sum: Sum,
    ) {
        let transport_len = short(transport.len() + payload);
        finish_network(network, at, transport_len);
        let Ok(view) = Network::parse(network) else { return };
        let pseudo = view.pseudo(gso.protocol(), transport_len);
        match gso {
            Gso::Tcp4 | Gso::Tcp6 => {
                let (first, last) = (at == 0, at + 1 == self.len());
                if let Ok((header, _)) = TcpHeader::mut_from_prefix(transport) {
                    let before = u32::try_from(at * self.size()).unwrap_or(0);
                    header.seq = header.seq.get().wrapping_add(before).into();
                    // linux: net/ipv4/tcp_offload.c, tcp_gso_segment
                    let not_here = if last { 0 } else { TcpHeader::FIN | TcpHeader::PSH }
                        | if first { 0 } else { TcpHeader::CWR };
                    header.flags &= !not_here;
                    header.checksum = [0; 2];
                }
                let checksum = pseudo.add(transport).plus(sum).finish();
                if let Ok((header, _)) = TcpHeader::mut_from_prefix(transport) {
                    header.checksum = checksum;
                }
            }
            Gso::Udp => {
                if let Ok((header, _)) = UdpHeader::mut_from_prefix(transport) {
                    header.len = transport_len.into();
                    header.checksum = [0; 2];
                }
                let checksum = pseudo.add(transport).plus(sum).finish_nonzero();
                if let Ok((header, _)) = UdpHeader::mut_from_prefix(transport) {
                    header.checksum = checksum;
                }
            }
        }
    }

    fn payload(&self, at: usize) -> &'p [u8] {
        let Kind::Super { headers, size, .. } = self.kind else { return &[] };
        let rest = self.packet.get(headers..).unwrap_or_default();
        let rest = rest.get(at.saturating_mul(size)..).unwrap_or_default();
        rest.get(..size).unwrap_or(rest)
    }

    fn size(&self) -> usize {
        match self.kind {
            Kind::Plain | Kind::Partial { .. } => 0,
            Kind::Super { size, .. } => size,
        }
    }
}

/// Refuses a network header that is not followed by what `gso` says at `transport`.
fn check_network(gso: Gso, packet: &[u8], transport: usize) -> Result<(), OffloadError> {
    match (Network::parse(packet)?, gso) {
        (Network::V4(header), Gso::Tcp4 | Gso::Udp) => {
            if header.header_len() < Ipv4Header::LEN {
                return Err(OffloadError::ShortHeader(header.header_len()));
            }
            if header.fragment.get() & Ipv4Header::FRAGMENTED != 0 {
                return Err(OffloadError::Fragment);
            }
            if header.protocol != gso.protocol() || header.header_len() != transport {
                return Err(OffloadError::OtherProtocol);
            }
        }
        (Network::V6(header), Gso::Tcp6 | Gso::Udp) => {
            let (mut next, mut at) = (header.next, Ipv6Header::LEN);
            // Routing headers are not among them: they change the pseudo-header.
            while matches!(next, HOP_BY_HOP | DESTINATION) && at < transport {
                let [following, len] = *view::<[u8; 2]>(packet.get(at..).unwrap_or_default(), 2)?;
                (next, at) = (following, at + (usize::from(len) + 1) * 8);
            }
            if next != gso.protocol() || at != transport {
                return Err(OffloadError::OtherProtocol);
            }
        }
        (Network::V4(_), Gso::Tcp6) | (Network::V6(_), Gso::Tcp4) => return Err(OffloadError::OtherProtocol),
    }
    Ok(())
}

/// Length of the transport header, which is all there.
fn transport_len(gso: Gso, transport: &[u8]) -> Result<usize, OffloadError> {
    let need = match gso {
        Gso::Tcp4 | Gso::Tcp6 => {
            let header: &TcpHeader = view(transport, TcpHeader::LEN)?;
            if header.header_len() < TcpHeader::LEN {
                return Err(OffloadError::ShortHeader(header.header_len()));
            }
            header.header_len()
        }
        Gso::Udp => UdpHeader::LEN,
    };
    let have = transport.len();
    if need > have { Err(OffloadError::Truncated { need, have }) } else { Ok(need) }
}

/// Lengths, identification and header checksum of the `at`th packet.
#[inline]
fn finish_network(network: &mut [u8], at: usize, transport_len: u16) {
    let len = network.len();
    if network.first().is_some_and(|first| first >> 4 == 4) {
        if let Ok((header, _)) = Ipv4Header::mut_from_prefix(network) {
            header.total_len = short(len + usize::from(transport_len)).into();
            header.id = header.id.get().wrapping_add(short(at)).into();
            header.checksum = [0; 2];
        }
        let checksum = Sum::default().add(network).finish();
        if let Ok((header, _)) = Ipv4Header::mut_from_prefix(network) {
            header.checksum = checksum;
        }
    } else if let Ok((header, _)) = Ipv6Header::mut_from_prefix(network) {
        header.payload_len = short(len - Ipv6Header::LEN + usize::from(transport_len)).into();
    }
}

/// Lengths of packets that were read whole: they fit.
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

fn copy(from: &[u8], to: &mut [u8]) {
    if let Some(room) = to.get_mut(..from.len()) {
        room.copy_from_slice(from);
    }
}

const HOP_BY_HOP: u8 = 0;
const DESTINATION: u8 = 60;
