//! Everything that crosses the line between the kernel programs and the daemon: events, counters,
//! what is set at run time, and the names both sides use.
//!
//! Layouts are `repr(C)` without padding, in native byte order (both sides run on one machine);
//! addresses and ports are in network order and their types say so. Any change of a layout, a number
//! or a name bumps [`ABI_VERSION`].
//!
//! ```
//! use wgtrace_abi::{PacketEvent, hook::Hook};
//! use zerocopy::FromBytes;
//!
//! fn hook_of(record: &[u8]) -> Option<Hook> {
//!     // a copy: perf records are aligned to 4 bytes only
//!     let (event, _packet) = PacketEvent::read_from_prefix(record).ok()?;
//!     event.hook()
//! }
//! assert_eq!(hook_of(&[]), None);
//! ```
#![no_std]
#![forbid(unsafe_code)]

pub mod address;
pub mod counters;
pub mod device;
pub mod drop_reason;
pub mod event;
pub mod filter;
pub mod forward;
pub mod gate;
pub mod hook;
pub mod mark;
pub mod names;
pub mod point;
pub mod verdict;

pub use address::Address;
pub use counters::HookCounters;
pub use drop_reason::DropReason;
pub use event::{PacketEvent, PacketType};
pub use filter::{Filter, PortRange, Prefix, Rule};
pub use gate::Gate;
pub use hook::Hook;
pub use mark::Mark;
pub use point::ObservationPoint;
pub use verdict::Verdict;

/// Version of everything in this crate, carried by every event.
pub const ABI_VERSION: u8 = 1;
