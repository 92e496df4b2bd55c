use wgtrace_abi::DropReason;

use super::head::{FRAME_LEN, Frame, IPV4};
use super::{Decision, Done, Meta, Sink, Tables, deliver, or_drop, settings};
use crate::Packet;

/// What the host's stack sends to local pods by `cilium_host`: its own packets, what other nodes sent, what it
/// translated.
///
/// The device leads back to the host: an address that no pod has would come around again.
#[inline(always)]
pub fn from_host<P: Packet + ?Sized, T: Tables, S: Sink>(packet: &P, meta: &Meta, tables: &T, sink: &mut S) {
    or_drop(sent(packet, meta, tables, sink), sink);
}

/// What comes to the host by `cilium_host`.
#[inline(always)]
pub fn to_host<S: Sink>(meta: &Meta, sink: &mut S) {
    sink.put(Decision::Pass(meta.mark));
}

#[inline(always)]
fn sent<P: Packet + ?Sized, T: Tables, S: Sink>(packet: &P, meta: &Meta, tables: &T, sink: &mut S) -> Done {
    settings(tables)?;
    let Ok(bytes) = packet.head::<FRAME_LEN>() else { return Err(DropReason::INVALID_PACKET.into()) };
    let frame = Frame::new(bytes);
    if frame.ethertype() != IPV4 {
        // nobody but the host is behind the device
        sink.put(Decision::Pass(meta.mark));
        return Ok(());
    }
    if !frame.is_sound() {
        return Err(DropReason::INVALID_PACKET.into());
    }
    let endpoint = tables.endpoint(&frame.to()).ok_or(DropReason::UNROUTABLE)?;
    deliver(frame.head, endpoint, sink)
}
