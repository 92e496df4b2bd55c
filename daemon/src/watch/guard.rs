//! What must not pass the native device in clear: the guard's own rule, applied to what really passed.

use wgtrace_abi::forward::{Endpoint, Origin, Place, Settings};
use wgtrace_abi::{Address, Hook, Mark};
use wgtrace_bpf::forward::{self, Decision, Meta, Tables};
use wgtrace_bpf::headers::Start;
use wgtrace_flow::{Link, Packet};
use wgtrace_tunnel::{AllowedIps, Prefix};

/// The programs' tables, as far as the guard looks at them.
#[derive(Debug, Default)]
pub(super) struct Guard {
    settings: Option<Settings>,
    places: AllowedIps<Place>,
}

impl Guard {
    /// With the settings and places of a node.
    pub(super) fn new(settings: Option<Settings>, places: impl IntoIterator<Item = (Prefix, Place)>) -> Self {
        let mut guard = Self { settings, places: AllowedIps::new() };
        for (prefix, place) in places {
            guard.places.insert(prefix, place);
        }
        guard
    }

    /// Whether a packet that was tapped at the native device had to be encrypted, and is not.
    pub(super) fn is_leak(&self, packet: &Packet<'_>) -> bool {
        let event = &packet.event;
        let meta = Meta {
            ifindex: event.ifindex,
            mark: Mark(event.mark),
            tagged: event.vlan_protocol != 0,
            start: if matches!(packet.link, Link::None) { Start::Ip } else { Start::Ethernet },
        };
        let mut decision = None;
        match packet.hook {
            Hook::TapOut => forward::to_netdev(packet.bytes, &meta, self, &mut decision),
            Hook::TapIn => forward::from_netdev(packet.bytes, &meta, self, &mut decision),
            Hook::FromContainer
            | Hook::ToContainer
            | Hook::FromHost
            | Hook::ToHost
            | Hook::FromWireguard
            | Hook::ToWireguard
            | Hook::FromNetdev
            | Hook::ToNetdev => {}
        }
        decision.is_some_and(|decision: Decision| decision.wants_encryption())
    }
}

impl Tables for Guard {
    fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    fn origin(&self, _: u32) -> Option<&Origin> {
        None
    }

    fn endpoint(&self, _: &Address) -> Option<&Endpoint> {
        None
    }

    fn place(&self, address: &Address) -> Option<&Place> {
        self.places.lookup(address.ip())
    }
}

#[cfg(test)]
mod tests;
