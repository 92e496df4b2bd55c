use wgtrace_abi::forward::{PlaceKind, Settings};
use wgtrace_abi::{DropReason, Mark};

use super::addresses::{Addresses, Missing};
use super::{Decision, Meta, Tables, kind};
use crate::Packet;

/// What comes in by a native device: plaintext for a local pod, from an address of the pool, was sent by nobody who
/// encrypts.
#[inline(always)]
pub fn from_netdev<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Decision {
    let pass = Decision::Pass(meta.mark);
    let Some(settings) = encrypting(tables) else { return pass };
    // what is broken, the stack drops
    let Ok(addresses) = Addresses::read(packet, meta) else { return pass };
    // most of all, WireGuard's own packets
    if addresses.to.is(&settings.node) || kind(tables, &addresses.to) != Some(PlaceKind::LocalPods) {
        return pass;
    }
    match kind(tables, &addresses.from) {
        Some(PlaceKind::Pool | PlaceKind::LocalPods | PlaceKind::RemotePods | PlaceKind::Services) => {
            Decision::Drop(DropReason::UNENCRYPTED)
        }
        Some(PlaceKind::OwnNode | PlaceKind::RemoteNode | PlaceKind::Cleartext) | None => pass,
    }
}

/// What is about to leave by a native device: the last place where plaintext can be kept in.
///
/// Destinations were translated by now, and sources as well: what a service or a missing mark hid from the pod's own hook
/// is seen here.
#[inline(always)]
pub fn to_netdev<P: Packet + ?Sized, T: Tables>(packet: &P, meta: &Meta, tables: &T) -> Decision {
    let pass = Decision::Pass(meta.mark);
    let Some(settings) = encrypting(tables) else { return pass };
    let addresses = match Addresses::read(packet, meta) {
        Ok(addresses) => addresses,
        Err(Missing::NotIp) => return pass,
        Err(Missing::Broken) => return Decision::Drop(DropReason::INVALID_PACKET),
        Err(Missing::TooDeep) => return Decision::Drop(DropReason::UNSUPPORTED_L2),
    };
    if is_own_wireguard(packet, meta, settings, &addresses) {
        return pass;
    }
    match kind(tables, &addresses.to) {
        Some(PlaceKind::RemotePods) => encrypt(settings),
        Some(PlaceKind::RemoteNode) if kind(tables, &addresses.from) == Some(PlaceKind::LocalPods) => {
            encrypt(settings)
        }
        Some(PlaceKind::Pool | PlaceKind::LocalPods | PlaceKind::Services) => {
            Decision::Drop(DropReason::UNENCRYPTED)
        }
        Some(PlaceKind::OwnNode | PlaceKind::RemoteNode | PlaceKind::Cleartext) | None => pass,
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
fn encrypt(settings: &Settings) -> Decision {
    if settings.has(Settings::STRICT) {
        return Decision::Drop(DropReason::UNENCRYPTED);
    }
    match settings.wireguard_ifindex {
        0 => Decision::Drop(DropReason::NO_DEVICE),
        ifindex => Decision::Encrypt { ifindex },
    }
}
