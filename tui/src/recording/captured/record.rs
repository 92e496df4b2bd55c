//! A frame as the record that a program would have written of it.

use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent, Verdict};
use zerocopy::{FromZeros as _, IntoBytes as _};

use super::comment::Comment;
use super::node::Seen;
use super::place::Place;

/// The event that a program would have made of a frame.
pub(super) fn event(
    place: &Place,
    seen: &Seen<'_>,
    comment: &Comment<'_>,
    hook: Hook,
    sequence: u64,
) -> PacketEvent {
    let mut event = PacketEvent::new_zeroed();
    (event.version, event.kind, event.hook) = (ABI_VERSION, PacketEvent::KIND, hook.number());
    event.flags = if seen.is_ethernet { 0 } else { PacketEvent::L3 };
    event.ifindex = place.index;
    event.sequence = sequence;
    event.time = u64::try_from(seen.time).unwrap_or(0);
    event.len = seen.len;
    event.mark = comment.mark;
    event.verdict = comment.verdict.map_or(Verdict::Unknown as u8, |verdict| verdict as u8);
    event.drop_reason = comment.drop_reason;
    if comment.segments > 1 {
        let each = seen.len.div_ceil(comment.segments.into());
        (event.gso_size, event.gso_segs) = (u16::try_from(each).unwrap_or(u16::MAX), comment.segments);
    }
    event
}

/// The record that the ring would have had.
pub(super) fn put(mut event: PacketEvent, bytes: &[u8], record: &mut Vec<u8>) {
    let captured = u16::try_from(bytes.len()).unwrap_or(u16::MAX).min(PacketEvent::MAX_CAPTURED);
    event.captured = captured;
    event.len = event.len.max(captured.into());
    record.clear();
    record.extend_from_slice(event.as_bytes());
    record.extend_from_slice(bytes.get(..captured.into()).unwrap_or_default());
}
