//! Records of the ring to packets.

mod span;
#[cfg(test)]
mod tests;
mod walk;

use thiserror::Error;
use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use zerocopy::FromBytes;

use crate::packet::Packet;
use span::Span;

/// Why a record is no packet event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It ends inside the event's header.
    #[error("record of {have} bytes is shorter than an event's {need}")]
    Short {
        /// Bytes of an event.
        need: usize,
        /// Bytes of the record.
        have: usize,
    },
    /// Its program was built from another version of the events.
    #[error("event of version {have}, this program reads {need}: load the programs that belong to it")]
    Version {
        /// Version that can be read.
        need: u8,
        /// Version of the event.
        have: u8,
    },
    /// It is an event, but not of a packet.
    #[error("event of unknown kind {0}")]
    Kind(u8),
    /// No hook has this number.
    #[error("event of unknown hook {0}")]
    Hook(u8),
    /// It ends inside the packet's bytes.
    #[error("event with {need} bytes of packet in a record that has {have}")]
    Missing {
        /// Packet bytes by the event.
        need: usize,
        /// Bytes behind the event.
        have: usize,
    },
    /// More bytes were captured than the packet has.
    #[error("event with {captured} bytes of a packet of {len}")]
    TooMany {
        /// Packet bytes by the event.
        captured: u16,
        /// Length of the packet by the event.
        len: u32,
    },
}

/// Reads the packet event at the start of `record`; what the kernel padded behind it is ignored.
///
/// Headers are walked once and nothing is allocated. A packet that is cut or broken is not an error:
/// each of its layers says what it is.
pub fn decode(record: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let Ok((event, rest)) = PacketEvent::read_from_prefix(record) else {
        return Err(DecodeError::Short { need: size_of::<PacketEvent>(), have: record.len() });
    };
    if event.version != ABI_VERSION {
        return Err(DecodeError::Version { need: ABI_VERSION, have: event.version });
    }
    if event.kind != PacketEvent::KIND {
        return Err(DecodeError::Kind(event.kind));
    }
    let hook = Hook::from_number(event.hook).ok_or(DecodeError::Hook(event.hook))?;
    let captured = usize::from(event.captured);
    let bytes = rest.get(..captured).ok_or(DecodeError::Missing { need: captured, have: rest.len() })?;
    if u32::from(event.captured) > event.len {
        return Err(DecodeError::TooMany { captured: event.captured, len: event.len });
    }
    let len = usize::try_from(event.len).unwrap_or(usize::MAX);
    Ok(walk::walk(event, hook, Span { bytes, len }))
}

/// The packet of `len` bytes that begins with `bytes`, as `event` has it.
pub(crate) fn inner(event: PacketEvent, hook: Hook, bytes: &[u8], len: usize) -> Packet<'_> {
    walk::walk(event, hook, Span { bytes, len })
}
