use wgtrace_abi::forward::{Origin, PlaceKind, Settings};
use wgtrace_abi::{DropReason, Mark};

use super::head::{ARP, FRAME_LEN, Frame, IPV4};
use super::{Decision, Done, Head, Meta, Sink, Tables, arp, deliver, kind, or_drop, settings};
use crate::Packet;

/// What a pod sends.
#[inline(always)]
pub fn from_container<P: Packet + ?Sized, T: Tables, S: Sink>(
    packet: &P,
    meta: &Meta,
    tables: &T,
    sink: &mut S,
) {
    or_drop(sent(packet, meta, tables, sink), sink);
}

/// What a pod gets: whoever sent it here decided already.
#[inline(always)]
pub fn to_container<S: Sink>(meta: &Meta, sink: &mut S) {
    sink.put(Decision::Pass(meta.mark));
}

#[inline(always)]
fn sent<P: Packet + ?Sized, T: Tables, S: Sink>(packet: &P, meta: &Meta, tables: &T, sink: &mut S) -> Done {
    let settings = settings(tables)?;
    let origin = tables.origin(meta.ifindex).ok_or(DropReason::HOST_NOT_READY)?;
    if meta.tagged {
        return Err(DropReason::UNSUPPORTED_L2.into());
    }
    let bytes: [u8; FRAME_LEN] = packet.head().map_err(|_| DropReason::INVALID_PACKET)?;
    let frame = Frame::new(bytes);
    match frame.ethertype() {
        IPV4 => {}
        ARP => return arp::answer(packet, meta, origin, sink),
        _ => return Err(DropReason::UNSUPPORTED_L3.into()),
    }
    if !frame.is_sound() {
        return Err(DropReason::INVALID_PACKET.into());
    }
    if !frame.from().is(&origin.ipv4) {
        return Err(DropReason::INVALID_SOURCE_IP.into());
    }
    let to = frame.to();
    let encrypts = settings.has(Settings::ENCRYPTION);
    match kind(tables, &to) {
        Some(PlaceKind::LocalPods) => {
            deliver(frame.head, tables.endpoint(&to).ok_or(DropReason::UNROUTABLE)?, sink)
        }
        // both ways: what comes back of a NodePort connection goes to a node
        Some(PlaceKind::RemotePods | PlaceKind::RemoteNode) if encrypts => {
            stack(frame.head, origin, Mark::ENCRYPT, sink)
        }
        Some(PlaceKind::Pool) if encrypts => Err(DropReason::UNENCRYPTED.into()),
        // the stack routes and translates; what comes out of that meets the guard
        Some(
            PlaceKind::Pool
            | PlaceKind::RemotePods
            | PlaceKind::RemoteNode
            | PlaceKind::OwnNode
            | PlaceKind::Services
            | PlaceKind::Cleartext,
        )
        | None => stack(frame.head, origin, Mark::IDENTITY, sink),
    }
}

#[inline(always)]
fn stack<S: Sink>(head: Head, origin: &Origin, mark: u32, sink: &mut S) -> Done {
    head.check_hops()?;
    sink.put(Decision::Stack { head: head.one_hop_less().to(origin.host_mac), mark: Mark(mark) });
    Ok(())
}
