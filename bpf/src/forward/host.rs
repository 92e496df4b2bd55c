use wgtrace_abi::{Address, DropReason};

use super::head::{FRAME_LEN, Frame, IPV4};
use super::{Decision, Meta, Tables, deliver, settings};
use crate::Packet;

/// What the host's stack sends to local pods by `cilium_host`: its own packets, what other nodes sent, what it
/// translated.
///
/// The device leads back to the host: an address that no pod has would come around again.
#[inline(always)]
pub fn from_host<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Decision {
    Decision::or_drop(sent(packet, meta, tables))
}

/// What comes to the host by `cilium_host`.
#[inline(always)]
pub fn to_host(meta: &Meta) -> Decision {
    Decision::Pass(meta.mark)
}

#[inline(always)]
fn sent<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Result<Decision, DropReason> {
    settings(tables)?;
    let Ok(bytes) = packet.read::<FRAME_LEN>(0) else { return Err(DropReason::INVALID_PACKET) };
    let frame = Frame::new(bytes);
    if frame.ethertype() != IPV4 {
        // nobody but the host is behind the device
        return Ok(Decision::Pass(meta.mark));
    }
    if !frame.is_sound() {
        return Err(DropReason::INVALID_PACKET);
    }
    let endpoint = tables.endpoint(&Address::v4(frame.to)).ok_or(DropReason::UNROUTABLE)?;
    deliver(frame.head, endpoint)
}
