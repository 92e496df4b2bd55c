use std::net::IpAddr;

use wgtrace_wire::{Ip, Protocol};

/// What a packet is part of: both addresses, the protocol, both ports where there are any. What is no IP packet is one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow(Option<Key>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    ends: [IpAddr; 2],
    protocol: u8,
    ports: Option<[u8; 4]>,
}

impl Flow {
    pub(super) fn of(packet: &[u8]) -> Self {
        Self(key(packet))
    }
}

fn key(packet: &[u8]) -> Option<Key> {
    let ip = Ip::parse(packet).ok()?;
    let upper = ip.upper().ok()?;
    let has_ports = [Protocol::TCP, Protocol::UDP].contains(&upper.protocol)
        // all fragments of a packet go together
        && upper.fragment.is_none_or(|fragment| !fragment.is_partial());
    let ports = upper.payload.first_chunk().copied().filter(|_| has_ports);
    Some(Key { ends: [ip.src(), ip.dst()], protocol: upper.protocol.0, ports })
}
