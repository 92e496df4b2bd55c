use crate::wireguard::user::offload::checksum::Sum;
use crate::wireguard::user::offload::headers::{Ipv4Header, Ipv6Header, Network, TcpHeader, UdpHeader, view};
use crate::wireguard::user::offload::vnet::Gso;

/// A packet of a flow that super-packets can be made of.
///
/// IPv4 without options and fragments or IPv6 without extension headers; TCP or UDP; whole.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) gso: Gso,
    /// Where the transport header begins.
    pub(super) transport: usize,
    /// Length of all headers.
    pub(super) headers: usize,
    /// Length of what is behind them.
    pub(super) payload: usize,
    /// Of TCP; zero otherwise.
    pub(super) seq: u32,
    /// Of TCP; zero otherwise.
    pub(super) flags: u8,
}

impl Candidate {
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let (protocol, transport, len) = match Network::parse(packet).ok()? {
            Network::V4(header) => {
                let is_plain = header.header_len() == Ipv4Header::LEN
                    && header.fragment.get() & Ipv4Header::FRAGMENTED == 0;
                is_plain.then_some((header.protocol, Ipv4Header::LEN, usize::from(header.total_len.get())))?
            }
            Network::V6(header) => {
                (header.next, Ipv6Header::LEN, Ipv6Header::LEN + usize::from(header.payload_len.get()))
            }
        };
        if len != packet.len() {
            return None;
        }
        let rest = packet.get(transport..)?;
        if protocol == Gso::Udp.protocol() {
            let header: &UdpHeader = view(rest, UdpHeader::LEN).ok()?;
            let is_whole = usize::from(header.len.get()) == rest.len() && header.checksum != [0; 2];
            let payload = rest.len().checked_sub(UdpHeader::LEN)?;
            let headers = transport + UdpHeader::LEN;
            return is_whole.then_some(Self { gso: Gso::Udp, transport, headers, payload, seq: 0, flags: 0 });
        }
        let gso = if transport == Ipv4Header::LEN { Gso::Tcp4 } else { Gso::Tcp6 };
        if protocol != gso.protocol() {
            return None;
        }
        let header: &TcpHeader = view(rest, TcpHeader::LEN).ok()?;
        let payload = rest.len().checked_sub(header.header_len())?;
        let headers = transport + header.header_len();
        (header.header_len() >= TcpHeader::LEN).then_some(Self {
            gso,
            transport,
            headers,
            payload,
            seq: header.seq.get(),
            flags: header.flags,
        })
    }

    /// Whether others may join behind it.
    pub(super) fn may_lead(&self) -> bool {
        self.payload > 0 && (self.gso == Gso::Udp || self.flags == TcpHeader::ACK)
    }

    /// The sequence number behind it; zero for UDP.
    pub(super) fn next_seq(&self) -> u32 {
        match self.gso {
            Gso::Tcp4 | Gso::Tcp6 => self.seq.wrapping_add(u32::try_from(self.payload).unwrap_or(0)),
            Gso::Udp => 0,
        }
    }

    /// Whether `other` has the same protocol, addresses and ports.
    pub(super) fn is_same_flow(&self, packet: &[u8], other: &Self, other_packet: &[u8]) -> bool {
        // Addresses end where the transport header begins, ports are its first four bytes.
        let from = if self.transport == Ipv4Header::LEN { 12 } else { 8 };
        let flow = from..self.transport + 4;
        self.gso == other.gso
            && self.transport == other.transport
            && packet.get(flow.clone()) == other_packet.get(flow)
    }

    /// Whether `other`, of the same flow, has the same headers but for what tells its place: length,
    /// checksums, sequence number, and the IPv4 identification that the `count`th segment has.
    pub(super) fn is_same_but_for_place(
        &self,
        packet: &[u8],
        other: &Self,
        other_packet: &[u8],
        count: u16,
    ) -> bool {
        if self.headers != other.headers {
            return false;
        }
        let (Ok(mine), Ok(theirs)) = (Network::parse(packet), Network::parse(other_packet)) else {
            return false;
        };
        let same_network = match (mine, theirs) {
            (Network::V4(mine), Network::V4(theirs)) => {
                let follows = theirs.id.get() == mine.id.get().wrapping_add(count);
                // RFC 6864: where fragments are ruled out the identification means nothing.
                let any = mine.fragment.get() & Ipv4Header::DONT_FRAGMENT != 0;
                (follows || any)
                    && mine.tos == theirs.tos
                    && mine.ttl == theirs.ttl
                    && mine.fragment == theirs.fragment
            }
            (Network::V6(mine), Network::V6(theirs)) => {
                mine.version_class_flow == theirs.version_class_flow && mine.hop_limit == theirs.hop_limit
            }
            (Network::V4(_), Network::V6(_)) | (Network::V6(_), Network::V4(_)) => false,
        };
        same_network && (self.gso == Gso::Udp || self.is_same_tcp(packet, other_packet))
    }

    fn is_same_tcp(&self, packet: &[u8], other_packet: &[u8]) -> bool {
        let header = |packet| {
            let transport = <[u8]>::get(packet, self.transport..self.headers)?;
            let options = transport.get(TcpHeader::LEN..)?;
            view::<TcpHeader>(transport, TcpHeader::LEN).ok().map(|header| (header, options))
        };
        let (Some((mine, options)), Some((theirs, other_options))) = (header(packet), header(other_packet))
        else {
            return false;
        };
        mine.ack == theirs.ack
            && mine.window == theirs.window
            && mine.urgent == theirs.urgent
            && mine.offset == theirs.offset
            && theirs.flags & !TcpHeader::PSH == mine.flags
            && options == other_options
    }

    /// Whether its checksums hold: in a super-packet the kernel takes them for granted.
    pub(super) fn is_intact(&self, packet: &[u8]) -> bool {
        let Ok(network) = Network::parse(packet) else { return false };
        let Some((header, transport)) = packet.split_at_checked(self.transport) else { return false };
        let is_header_valid = match network {
            Network::V4(_) => Sum::default().add(header).is_valid(),
            Network::V6(_) => true,
        };
        let len = u16::try_from(transport.len()).unwrap_or(u16::MAX);
        is_header_valid && network.pseudo(self.gso.protocol(), len).add(transport).is_valid()
    }
}
