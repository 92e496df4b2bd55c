//! Packets that say what they are made from.

use proptest::prelude::*;
use wgtrace_wire::checksum::internet;

use crate::wireguard::user::offload::{Gso, VnetHeader};

/// What a packet is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) v6: bool,
    pub(super) tcp: bool,
    pub(super) port: u16,
    pub(super) id: u16,
    pub(super) df: bool,
    pub(super) tos: u8,
    pub(super) ttl: u8,
    pub(super) seq: u32,
    pub(super) flags: u8,
    pub(super) options: usize,
    pub(super) payload: Vec<u8>,
}

impl Spec {
    /// The packet, byte by byte, with right checksums.
    pub(super) fn build(&self) -> Vec<u8> {
        let mut transport = if self.tcp {
            let words = u8::try_from(5 + self.options).unwrap();
            let mut header = vec![0x12, 0x34];
            header.extend(self.port.to_be_bytes());
            header.extend(self.seq.to_be_bytes());
            header.extend([0, 0, 0, 7, words << 4, self.flags, 0x10, 0, 0, 0, 0, 0]);
            header.extend(vec![1; 4 * self.options]);
            header
        } else {
            let mut header = vec![0x12, 0x34];
            header.extend(self.port.to_be_bytes());
            header.extend(u16::try_from(8 + self.payload.len()).unwrap().to_be_bytes());
            header.extend([0, 0]);
            header
        };
        transport.extend(&self.payload);
        let len = u16::try_from(transport.len()).unwrap();
        let protocol = if self.tcp { 6 } else { 17 };
        let (mut packet, addresses) = if self.v6 {
            let mut header = vec![0x60 | self.tos >> 4, self.tos << 4, 0, 9];
            header.extend(len.to_be_bytes());
            header.extend([protocol, self.ttl]);
            header.extend([0xfd; 16]);
            header.extend([0xfe; 16]);
            (header, 8..40)
        } else {
            let mut header = vec![0x45, self.tos];
            header.extend((20 + len).to_be_bytes());
            header.extend(self.id.to_be_bytes());
            header.extend([if self.df { 0x40 } else { 0 }, 0, self.ttl, protocol, 0, 0]);
            header.extend([10, 0, 0, 1, 10, 0, 0, 2]);
            let checksum = internet(&[&header]);
            header[10..12].copy_from_slice(&checksum.to_be_bytes());
            (header, 12..20)
        };
        let pseudo = [&packet[addresses], &[0, protocol], &len.to_be_bytes()].concat();
        let mut checksum = internet(&[&pseudo, &transport]);
        if checksum == 0 && !self.tcp {
            checksum = 0xffff;
        }
        let at = if self.tcp { 16 } else { 6 };
        transport[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        packet.extend(transport);
        packet
    }

    pub(super) fn flow(&self) -> (bool, bool, u16) {
        (self.v6, self.tcp, self.port)
    }

    /// The super-packet as the kernel hands it over: only the pseudo-header is summed up.
    pub(super) fn build_super(&self, size: u16) -> (VnetHeader, Vec<u8>) {
        let mut packet = self.build();
        let transport = if self.v6 { 40_u16 } else { 20 };
        let headers = transport + if self.tcp { 20 + 4 * u16::try_from(self.options).unwrap() } else { 8 };
        let gso = match (self.tcp, self.v6) {
            (true, false) => Gso::Tcp4,
            (true, true) => Gso::Tcp6,
            (false, _) => Gso::Udp,
        };
        let at = usize::from(transport + gso.checksum_offset());
        packet[at..at + 2].copy_from_slice(&[0xab, 0xcd]);
        (VnetHeader::of(gso, headers, size, transport), packet)
    }

    /// The packets that the super-packet stands for.
    pub(super) fn split(&self, size: u16) -> Vec<Self> {
        let count = self.payload.len().div_ceil(usize::from(size)).max(1);
        let one = |(at, payload): (usize, &[u8])| {
            let before = u16::try_from(at).unwrap();
            let mut flags = self.flags;
            if at > 0 {
                flags &= !0x80;
            }
            if at + 1 < count {
                flags &= !0x09;
            }
            let seq = self.seq.wrapping_add(u32::from(before) * u32::from(size));
            let id = self.id.wrapping_add(before);
            Self { seq: if self.tcp { seq } else { 0 }, id, flags, payload: payload.to_vec(), ..self.clone() }
        };
        if self.payload.is_empty() {
            return vec![self.clone()];
        }
        self.payload.chunks(usize::from(size)).enumerate().map(one).collect()
    }
}

/// Any, with less than `most` bytes of payload.
pub(super) fn spec(most: usize) -> impl Strategy<Value = Spec> {
    let headers = (any::<bool>(), any::<bool>(), 1..4_u16, any::<u16>(), any::<bool>(), any::<u8>());
    let rest = (any::<u32>(), prop_oneof![Just(0x10_u8), any::<u8>()], 0..4_usize);
    (headers, rest, prop::collection::vec(any::<u8>(), 0..most)).prop_map(|(headers, rest, payload)| {
        let (v6, tcp, port, id, df, tos) = headers;
        let (seq, flags, options) = rest;
        Spec { v6, tcp, port, id, df, tos, ttl: 64, seq, flags, options, payload }
    })
}
