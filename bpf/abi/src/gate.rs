//! Whether anybody listens at a hook, and how.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// State of one hook on one CPU: the first thing a program reads, and the last while nobody listens.
///
/// User space opens a gate on all CPUs at once. A program that finds no ring on its CPU makes its own gate
/// [`DEAF`](Self::DEAF): from then on it only counts, until user space opens the gate again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Gate {
    /// [`CLOSED`](Self::CLOSED), [`OPEN`](Self::OPEN) or [`DEAF`](Self::DEAF).
    pub state: u8,
    /// Which of the hook's two filters holds: 0 or 1.
    pub filter: u8,
    /// Most packet bytes in an event.
    pub snaplen: u16,
    /// One of this many matching packets gets an event; 0 and 1 are all.
    pub sampling: u32,
}

const _: () = assert!(size_of::<Gate>() == 8);

impl Gate {
    /// Nobody listens.
    pub const CLOSED: u8 = 0;
    /// Events are wanted.
    pub const OPEN: u8 = 1;
    /// Events were wanted, but this CPU has no ring.
    pub const DEAF: u8 = 2;
    /// Bytes of packet in an event unless told otherwise.
    pub const DEFAULT_SNAPLEN: u16 = 128;
}
