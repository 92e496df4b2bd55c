//! What one packet has in common at every hook that it passes, on every node.

use wgtrace_wire::ip::Upper;
use wgtrace_wire::{Ip, Protocol};

use crate::packet::{IpPacket, Network, Packet, Transport};

/// A number that is the same at every hook and on every node for one packet; never 0. `None` for what is no IP, or was
/// cut before its transport header.
///
/// It is the 64-bit FNV-1a of, in this order, numbers in network order: IP version (1 byte), source and destination (4
/// or 16 bytes each), protocol behind extension headers (1), identification (4: IPv4's, IPv6's of a fragment, else the
/// flow label), fragment offset in bytes (2), length of the IP packet (4), and the first 8 bytes of the transport
/// header without its checksum and UDP's length, which another field tells. Nothing of it changes on the way: TTL, traffic
/// class and checksums are left out. It is no secret and no proof: who sends packets chooses it.
///
/// A super-frame has the identity of its first segment, whose length follows from the segments' size; so its hops
/// join wherever the kernel has it whole, and its ciphertext, whose first message holds that segment. The segments behind
/// the first have identities that are seen only where it has been taken apart. Datagrams that are sent without
/// identification (don't fragment), with the same ports and length, are one.
pub fn identity(packet: &Packet<'_>) -> Option<u64> {
    let Network::Ip(ip) = &packet.network else { return None };
    let upper = ip.ip.upper().ok()?;
    let mut hash = Fnv::new();
    let id = match &ip.ip {
        Ip::V4(v4) => {
            hash.take(&[4]);
            hash.take(&v4.header().src);
            hash.take(&v4.header().dst);
            u32::from(v4.id())
        }
        Ip::V6(v6) => {
            hash.take(&[6]);
            hash.take(&v6.header().src);
            hash.take(&v6.header().dst);
            ip.fragment.map_or(v6.flow_label(), |fragment| fragment.id)
        }
    };
    hash.take(&[ip.protocol.0]);
    hash.take(&id.to_be_bytes());
    hash.take(&ip.fragment.map_or(0, |fragment| fragment.offset).to_be_bytes());
    hash.take(&length(packet, ip, &upper)?.to_be_bytes());
    transport(&packet.transport, &upper, &mut hash)?;
    Some(hash.0.max(1))
}

/// Of the packet, or of a super-frame's first segment.
fn length(packet: &Packet<'_>, ip: &IpPacket<'_>, upper: &Upper<'_>) -> Option<u32> {
    let size = u32::from(packet.event.gso_size);
    let segment = packet.transport.payload_len().filter(|payload| size != 0 && *payload > size);
    if segment.is_none() {
        return u32::try_from(ip.ip.packet_len()?).ok();
    }
    let header =
        if let Transport::Tcp(segment) = &packet.transport { segment.tcp.header_len() } else { UDP_HEADER };
    let headers = u32::try_from(upper.offset.saturating_add(header)).ok()?;
    Some(headers.saturating_add(size))
}

fn transport(transport: &Transport<'_>, upper: &Upper<'_>, hash: &mut Fnv) -> Option<()> {
    let (first, rest) = upper.payload.split_at_checked(4)?;
    let second = rest.get(..4)?;
    match transport {
        Transport::Udp(_) | Transport::Unread { protocol: Protocol::UDP, .. } => hash.take(first),
        Transport::Icmpv4(_) | Transport::Icmpv6(_) => {
            hash.take(first.get(..2)?);
            hash.take(second);
        }
        Transport::Tcp(_) | Transport::Fragment(_) | Transport::Other(_) | Transport::Unread { .. } => {
            hash.take(first);
            hash.take(second);
        }
        Transport::None => return None,
    }
    Some(())
}

struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

const UDP_HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wgtrace_abi::Hook;
    use wgtrace_wire::tcp::Flags;

    use super::*;
    use crate::sample::{echo4, ethernet, event, ipv4, ipv6, tcp, udp, with};

    fn of(frame: &[u8]) -> u64 {
        with(event(Hook::FromContainer, 1), frame, |packet| identity(packet).unwrap())
    }

    #[test]
    fn hops_and_checksums_make_no_other_packet() {
        let frame = echo4(1, 2, false, 7, 3);
        let mut later = frame.clone();
        // type of service, time to live, the header's checksum, the message's
        for at in [15, 22, 24, 25, 36, 37] {
            later[at] ^= 0x55;
        }
        assert_eq!(of(&frame), of(&later));
        for at in [19, 29, 33, 38, 41] {
            let mut other = frame.clone();
            other[at] ^= 1;
            assert_ne!(of(&frame), of(&other), "byte {at}");
        }
        assert_ne!(of(&echo4(1, 2, false, 7, 3)), of(&echo4(2, 1, false, 7, 3)));
    }

    #[test]
    fn it_is_the_number_that_is_written_down() {
        // another implementation of the recipe
        let fields: [&[u8]; 8] = [
            &[4],
            &[10, 0, 0, 1, 10, 0, 0, 2],
            &[1],
            &[0, 0, 0, 7],
            &[0, 0],
            &[0, 0, 0, 28],
            &[8, 0],
            &[0, 7, 0, 3],
        ];
        let expected = fields.concat().iter().fold(14_695_981_039_346_656_037_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211)
        });
        assert_eq!(of(&echo4(1, 2, false, 7, 3)), expected);
    }

    #[test]
    fn a_super_frame_is_its_first_segment() {
        let segment = ipv4(6, 1, 2, &tcp(1, 2, 9, Flags::ACK, &[0; 1000]));
        let whole = ipv4(6, 1, 2, &tcp(1, 2, 9, Flags::ACK, &[0; 3500]));
        let large = wgtrace_abi::PacketEvent { gso_size: 1000, gso_segs: 4, ..event(Hook::ToWireguard, 1) };
        let joined = with(large, &ethernet(0x0800, &whole), |packet| identity(packet).unwrap());
        assert_eq!(joined, of(&ethernet(0x0800, &segment)));
        let datagram = ipv4(17, 1, 2, &udp(1, 2, &[0; 1000]));
        let datagrams = ipv4(17, 1, 2, &udp(1, 2, &[0; 2500]));
        let joined = with(large, &ethernet(0x0800, &datagrams), |packet| identity(packet).unwrap());
        assert_eq!(joined, of(&ethernet(0x0800, &datagram)));
    }

    #[test]
    fn what_is_no_ip_has_none() {
        let none = with(event(Hook::TapOut, 1), &ethernet(0x0806, &[0; 28]), identity);
        assert_eq!(none, None);
        assert!(of(&ethernet(0x86dd, &ipv6(17, 1, 2, &udp(1, 2, &[0; 9])))) != 0);
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_there_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for ethertype in [0x0800, 0x86dd] {
                with(event(Hook::TapIn, 1), &ethernet(ethertype, &bytes), identity);
            }
        }
    }
}
