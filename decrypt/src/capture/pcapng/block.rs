use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::capture::MAX_PACKET_LEN;
use crate::capture::order::Order;

/// Block types (draft-ietf-opsawg-pcapng, section "Block Types").
pub(super) mod kind {
    pub(crate) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(crate) const INTERFACE_DESCRIPTION: u32 = 1;
    /// Obsolete, but written by old tools.
    pub(crate) const PACKET: u32 = 2;
    pub(crate) const SIMPLE_PACKET: u32 = 3;
    pub(crate) const ENHANCED_PACKET: u32 = 6;
    pub(crate) const DECRYPTION_SECRETS: u32 = 10;
    /// What a search for the next good block goes by; the others are names, statistics, the journal, custom.
    pub(crate) const KNOWN: [u32; 11] = [
        ENHANCED_PACKET,
        SECTION_HEADER,
        INTERFACE_DESCRIPTION,
        PACKET,
        SIMPLE_PACKET,
        DECRYPTION_SECRETS,
        4,
        5,
        9,
        0x0bad,
        0x4000_0bad,
    ];

    /// Least total length of a sound block in bytes.
    pub(crate) fn least_len(kind: u32) -> usize {
        match kind {
            SECTION_HEADER => 28,
            ENHANCED_PACKET | PACKET => 32,
            INTERFACE_DESCRIPTION | DECRYPTION_SECRETS => 20,
            SIMPLE_PACKET => 16,
            _ => 12,
        }
    }
}

/// Longest block that is held in bytes: a packet and as many options as one option's length field allows.
pub(super) const MAX_LEN: usize = MAX_PACKET_LEN + (64 << 10);
/// Length of the second length field in bytes.
pub(super) const TRAILER_LEN: usize = 4;
const HEAD_LEN: usize = 8;
const LEAST_LEN: usize = 12;

/// A block whose two length fields agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) kind: u32,
    pub(super) order: Order,
    /// Total length in bytes.
    pub(super) len: usize,
    pub(super) body: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Cut<'a> {
    Block(Block<'a>),
    /// This many bytes are needed.
    Short(usize),
    TooLong {
        kind: u32,
        len: u32,
    },
    Broken,
}

/// Cuts the block at the start of `rest`, if it is no longer than `limit` grants its type.
pub(super) fn cut(rest: &[u8], order: Order, limit: impl Fn(u32) -> usize) -> Cut<'_> {
    let Some(&[k0, k1, k2, k3, l0, l1, l2, l3, ..]) = rest.first_chunk::<LEAST_LEN>() else {
        return Cut::Short(LEAST_LEN);
    };
    let kind = order.u32([k0, k1, k2, k3]);
    // A section brings its own order.
    let order = if kind == kind::SECTION_HEADER { section_order(rest) } else { Some(order) };
    let Some(order) = order else { return Cut::Broken };
    let claimed = order.u32([l0, l1, l2, l3]);
    let len = usize::try_from(claimed).unwrap_or(usize::MAX);
    if !len.is_multiple_of(4) || len < LEAST_LEN {
        return Cut::Broken;
    }
    if len > limit(kind) {
        return Cut::TooLong { kind, len: claimed };
    }
    let Some(block) = rest.get(..len) else { return Cut::Short(len) };
    match block.get(HEAD_LEN..).and_then(<[u8]>::split_last_chunk::<TRAILER_LEN>) {
        Some((body, trailer)) if order.u32(*trailer) == claimed => {
            Cut::Block(Block { kind, order, len, body })
        }
        _ => Cut::Broken,
    }
}

/// The type of the block at the start of `rest`.
pub(super) fn kind_of(rest: &[u8], order: Order) -> Option<u32> {
    rest.first_chunk().map(|kind| order.u32(*kind))
}

pub(super) fn is_packet(kind: u32) -> bool {
    matches!(kind, kind::ENHANCED_PACKET | kind::PACKET | kind::SIMPLE_PACKET)
}

/// The byte order of the section whose header is at the start of `rest`.
pub(in crate::capture) fn section_order(rest: &[u8]) -> Option<Order> {
    let &[k0, k1, k2, k3, _, _, _, _, m0, m1, m2, m3] = rest.first_chunk()?;
    // The type reads the same both ways.
    if Order::Little.u32([k0, k1, k2, k3]) != kind::SECTION_HEADER {
        return None;
    }
    let magic = [m0, m1, m2, m3];
    [Order::Little, Order::Big].into_iter().find(|order| order.u32(magic) == 0x1a2b_3c4d)
}

/// The fixed part of a packet block of any type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    pub(super) interface: u32,
    /// Time in the interface's unit.
    pub(super) ticks: Option<u64>,
    captured: Option<u32>,
    pub(super) original: u32,
    /// Where the packet's bytes begin in the block.
    pub(super) start: usize,
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct RawPacket {
    interface: [u8; 4],
    ticks_high: [u8; 4],
    ticks_low: [u8; 4],
    captured: [u8; 4],
    original: [u8; 4],
}

impl Packet {
    pub(super) fn enhanced(block: &Block<'_>) -> Option<Self> {
        let (raw, _) = RawPacket::ref_from_prefix(block.body).ok()?;
        let order = block.order;
        let ticks = u64::from(order.u32(raw.ticks_high)) << 32 | u64::from(order.u32(raw.ticks_low));
        Some(Self {
            interface: order.u32(raw.interface),
            ticks: Some(ticks),
            captured: Some(order.u32(raw.captured)),
            original: order.u32(raw.original),
            start: HEAD_LEN + size_of::<RawPacket>(),
        })
    }

    /// As [`Packet::enhanced`], but the interface shares its field with a count of drops.
    pub(super) fn obsolete(block: &Block<'_>) -> Option<Self> {
        let interface = block.order.u16(*block.body.first_chunk()?);
        Some(Self { interface: interface.into(), ..Self::enhanced(block)? })
    }

    pub(super) fn simple(block: &Block<'_>) -> Option<Self> {
        let original = block.order.u32(*block.body.first_chunk()?);
        Some(Self { interface: 0, ticks: None, captured: None, original, start: HEAD_LEN + 4 })
    }

    /// Captured length by the block's account; a simple packet leaves it to the interface's `snaplen`,
    /// where 0 is no limit.
    pub(super) fn captured(&self, snaplen: u32) -> u32 {
        let snaplen = if snaplen == 0 { u32::MAX } else { snaplen };
        self.captured.unwrap_or_else(|| self.original.min(snaplen))
    }
}
