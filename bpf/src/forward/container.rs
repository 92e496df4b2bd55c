use wgtrace_abi::forward::{Origin, PlaceKind, Settings};
use wgtrace_abi::{Address, DropReason, Mark};

use super::head::{ARP, FRAME_LEN, Frame, IPV4};
use super::{Decision, Head, Meta, Tables, arp, deliver, kind, settings};
use crate::Packet;

/// What a pod sends.
#[inline(always)]
pub fn from_container<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Decision {
    Decision::or_drop(sent(packet, meta, tables))
}

/// What a pod gets: whoever sent it here decided already.
#[inline(always)]
pub fn to_container(meta: &Meta) -> Decision {
    Decision::Pass(meta.mark)
}

#[inline(always)]
fn sent<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Result<Decision, DropReason> {
    let settings = settings(tables)?;
    let origin = tables.origin(meta.ifindex).ok_or(DropReason::HOST_NOT_READY)?;
    if meta.tagged {
        return Err(DropReason::UNSUPPORTED_L2);
    }
    let bytes: [u8; FRAME_LEN] = packet.read(0).map_err(|_| DropReason::INVALID_PACKET)?;
    let frame = Frame::new(bytes);
    match frame.ethertype() {
        IPV4 => {}
        ARP => return arp::answer(packet, meta, origin),
        _ => return Err(DropReason::UNSUPPORTED_L3),
    }
    if !frame.is_sound() {
        return Err(DropReason::INVALID_PACKET);
    }
    if !Address::v4(frame.from).is(&origin.ipv4) {
        return Err(DropReason::INVALID_SOURCE_IP);
    }
    let to = Address::v4(frame.to);
    let encrypts = settings.has(Settings::ENCRYPTION);
    match kind(tables, &to) {
        Some(PlaceKind::LocalPods) => {
            deliver(frame.head, tables.endpoint(&to).ok_or(DropReason::UNROUTABLE)?)
        }
        // both ways: what comes back of a NodePort connection goes to a node
        Some(PlaceKind::RemotePods | PlaceKind::RemoteNode) if encrypts => {
            stack(frame.head, origin, Mark::ENCRYPT)
        }
        Some(PlaceKind::Pool) if encrypts => Err(DropReason::UNENCRYPTED),
        // the stack routes and translates; what comes out of that meets the guard
        Some(
            PlaceKind::Pool
            | PlaceKind::RemotePods
            | PlaceKind::RemoteNode
            | PlaceKind::OwnNode
            | PlaceKind::Services
            | PlaceKind::Cleartext,
        )
        | None => stack(frame.head, origin, Mark::IDENTITY),
    }
}

#[inline(always)]
fn stack(head: Head, origin: &Origin, mark: u32) -> Result<Decision, DropReason> {
    let head = head.one_hop_less()?.to(origin.host_mac);
    Ok(Decision::Stack { head, mark: Mark(mark) })
}
