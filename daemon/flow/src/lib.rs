//! From trace events to packets, flows and a ledger, without IO.
//!
//! A record of the ring becomes a [`Packet`] once, by [`decode`]; after that nothing in it can be
//! malformed, and what was cut or broken says so by its type. A [`FlowTable`] gathers packets of all
//! hooks into flows, ciphertext counted for what is [`sealed`] in it, and [`identity`] names a packet on all of
//! its way; a [`Ledger`] accounts for every event, [`pcapng`] writes packets to a capture, [`summary`] in a line.
//! Times are `CLOCK_BOOTTIME` nanoseconds as the kernel stamps them; [`time`] makes wall clock of them.
//!
//! ```
//! use wgtrace_flow::{DecodeError, FlowTable, Ledger, Limits, decode};
//!
//! fn take(cpu: u32, record: &[u8], flows: &mut FlowTable, ledger: &mut Ledger) -> Result<(), DecodeError> {
//!     let packet = decode(record).inspect_err(|_| ledger.undecodable(cpu, record))?;
//!     ledger.deliver(cpu, &packet.event);
//!     flows.update(&packet);
//!     Ok(())
//! }
//! let mut flows = FlowTable::new(Limits::default(), 0x5eed);
//! assert!(take(0, &[0; 10], &mut flows, &mut Ledger::new()).is_err());
//! ```
#![forbid(unsafe_code)]

mod decode;
mod identity;
pub mod key;
pub mod ledger;
pub mod packet;
pub mod pcapng;
pub mod put;
#[cfg(test)]
mod sample;
pub mod sealed;
pub mod summary;
pub mod table;
pub mod time;

pub use decode::{DecodeError, decode};
pub use identity::identity;
pub use key::{Direction, FlowKey};
pub use ledger::Ledger;
pub use packet::{Fault, IpPacket, Link, Network, Packet, Transport, WireGuard};
pub use table::{Flow, FlowId, FlowTable, Limits};
