//! Which devices have no link-layer header: a bitmap over interface indices, because a program cannot
//! ask a packet.

/// Interfaces in one word of the map.
pub const BITS: u32 = u64::BITS;
/// Words in the map.
pub const WORDS: u32 = 1 << 14;
/// Interface indices from here on are not in the map; their events say so.
pub const LIMIT: u32 = BITS * WORDS;

/// The word and the bit of an interface; `None` beyond [`LIMIT`].
pub const fn position(ifindex: u32) -> Option<(u32, u64)> {
    if ifindex >= LIMIT { None } else { Some((ifindex / BITS, 1 << (ifindex % BITS))) }
}

const _: () = assert!(LIMIT == 1 << 20);
