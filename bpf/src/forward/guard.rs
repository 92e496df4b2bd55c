use wgtrace_abi::forward::{PlaceKind, Settings};
use wgtrace_abi::{DropReason, Mark};

use super::addresses::{Addresses, Missing};
use super::{Because, Decision, Done, Meta, Sink, Tables, kind, or_drop};
use crate::Packet;

/// What comes in by a native device: plaintext for a local pod, from an address of the pool, was sent by nobody who
/// encrypts.
#[inline(always)]
pub fn from_netdev<P: Packet + ?Sized, T: Tables, S: Sink>(
    packet: &P,
    meta: &Meta,
    tables: &T,
    sink: &mut S,
) {
    sink.put(if is_plaintext(packet, meta, tables) {
        Decision::Drop(DropReason::UNENCRYPTED)
    } else {
        Decision::Pass(meta.mark)
    });
}

#[inline(always)]
fn is_plaintext<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> bool {
    let Some(settings) = encrypting(tables) else { return false };
    // what is broken, the stack drops
    let Ok(addresses) = Addresses::read(packet, meta) else { return false };
    // most of all, WireGuard's own packets
    if addresses.to.is(&settings.node) || kind(tables, &addresses.to) != Some(PlaceKind::LocalPods) {
        return false;
    }
    match kind(tables, &addresses.from) {
        Some(PlaceKind::Pool | PlaceKind::LocalPods | PlaceKind::RemotePods | PlaceKind::Services) => true,
        Some(PlaceKind::OwnNode | PlaceKind::RemoteNode | PlaceKind::Cleartext) | None => false,
    }
}

/// What is about to leave by a native device: the last place where plaintext can be kept in.
///
/// Destinations were translated by now, and sources as well: what a service or a missing mark hid from the pod's own hook
/// is seen here.
#[inline(always)]
pub fn to_netdev<P: Packet + ?Sized, T: Tables, S: Sink>(packet: &P, meta: &Meta, tables: &T, sink: &mut S) {
    match way(packet, meta, tables) {
        Ok(Way::Out) => sink.put(Decision::Pass(meta.mark)),
        Ok(Way::Tunnel) => or_drop(encrypt(tables, sink), sink),
        Err(because) => or_drop(Err(because), sink),
    }
}

/// Where a packet may leave.
#[derive(Clone, Copy)]
enum Way {
    /// By the device it is at.
    Out,
    /// By the tunnel alone.
    Tunnel,
}

#[inline(always)]
fn way<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Result<Way, Because> {
    let Some(settings) = encrypting(tables) else { return Ok(Way::Out) };
    let addresses = match Addresses::read(packet, meta) {
        Ok(addresses) => addresses,
        Err(Missing::NotIp) => return Ok(Way::Out),
        Err(Missing::Broken) => return Err(DropReason::INVALID_PACKET.into()),
        Err(Missing::TooDeep) => return Err(DropReason::UNSUPPORTED_L2.into()),
    };
    if is_own_wireguard(packet, meta, settings, &addresses) {
        return Ok(Way::Out);
    }
    match kind(tables, &addresses.to) {
        Some(PlaceKind::RemotePods) => Ok(Way::Tunnel),
        Some(PlaceKind::RemoteNode)
            // most of all, the node's own packets
            if !addresses.from.is(&settings.node)
                && kind(tables, &addresses.from) == Some(PlaceKind::LocalPods) =>
        {
            Ok(Way::Tunnel)
        }
        Some(PlaceKind::Pool | PlaceKind::LocalPods | PlaceKind::Services) => {
            Err(DropReason::UNENCRYPTED.into())
        }
        Some(PlaceKind::OwnNode | PlaceKind::RemoteNode | PlaceKind::Cleartext) | None => Ok(Way::Out),
    }
}

/// Settings of a node that encrypts. Before there are any, pods are cut off at their own hooks: the guard leaves the
/// node's own traffic alone.
#[inline(always)]
fn encrypting<T: Tables>(tables: &T) -> Option<&Settings> {
    tables.settings().filter(|settings| settings.has(Settings::READY | Settings::ENCRYPTION))
}

/// The mark alone would exempt whatever anybody marks.
#[inline(always)]
fn is_own_wireguard<P: Packet + ?Sized>(
    packet: &P,
    meta: &Meta,
    settings: &Settings,
    addresses: &Addresses,
) -> bool {
    meta.mark.magic() == Mark::WIREGUARD
        && addresses.from.is(&settings.node)
        && addresses.source_port(packet) == Some(settings.wireguard_port)
}

#[inline(always)]
fn encrypt<T: Tables, S: Sink>(tables: &T, sink: &mut S) -> Done {
    let Some(settings) = tables.settings() else { return Err(DropReason::HOST_NOT_READY.into()) };
    if settings.has(Settings::STRICT) {
        return Err(DropReason::UNENCRYPTED.into());
    }
    match settings.wireguard_ifindex {
        0 => Err(DropReason::NO_DEVICE.into()),
        ifindex => {
            sink.put(Decision::Encrypt { ifindex });
            Ok(())
        }
    }
}
