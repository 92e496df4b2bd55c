//! Devices, as `ip address` and `ip -d link` print them.

mod read;

use std::fmt::{self, Write as _};

pub use self::read::read_links;
use super::Address;

/// The devices of a namespace, in the order of their indices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links(pub Vec<Link>);

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The device at its other end or below it.
    pub other: Option<Other>,
    /// `IFF_..`.
    pub flags: u32,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// What queues its packets.
    pub qdisc: Option<String>,
    /// The device that it is a port of.
    pub master: Option<String>,
    /// `IF_OPER_..` by its name: `UP`.
    pub state: String,
    /// `IF_LINK_MODE_..`.
    pub mode: u8,
    /// Its group.
    pub group: u32,
    /// Packets that its queue holds.
    pub queue: u32,
    /// What its link-layer addresses are.
    pub layer: Layer,
    /// Its own.
    pub address: Vec<u8>,
    /// That of everybody.
    pub broadcast: Vec<u8>,
    /// The number of the namespace in which the other end is.
    pub netns: Option<i32>,
    /// What kind of virtual device it is.
    pub kind: Option<String>,
    /// How many want to see other people's packets.
    pub promiscuity: u32,
    /// Least and largest MTU.
    pub mtus: (u32, u32),
    /// How IPv6 addresses come about.
    pub addrgenmode: Option<&'static str>,
    /// Queues out and in.
    pub queues: (u32, u32),
    /// Largest super-packet, in bytes and in segments.
    pub gso_max: (u32, u32),
    /// Its addresses.
    pub addresses: Vec<Address>,
}

/// The device at the other end of a device, or below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// In the same namespace.
    Here {
        /// Its name.
        name: String,
        /// Whether it is set up.
        up: bool,
    },
    /// In another one, with this index there.
    Elsewhere(u32),
    /// There is none.
    None,
}

/// What link-layer addresses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Ethernet's.
    Ether,
    /// The loopback device's.
    Loopback,
    /// There are none.
    None,
    /// The kernel's number of something else.
    Unknown(u16),
}

impl Links {
    /// The device of this name.
    pub fn get(&self, name: &str) -> Option<&Link> {
        self.0.iter().find(|link| link.name == name)
    }

    /// As `ip address` prints them, the whole of a device in one text.
    pub fn addresses(&self) -> Vec<String> {
        self.0.iter().map(Link::with_addresses).collect()
    }
}

impl Link {
    /// As `ip address show dev NAME` prints it.
    pub fn with_addresses(&self) -> String {
        let mut text = format!("{}\n{}", self.head(false), self.layer());
        for address in &self.addresses {
            put(&mut text, format_args!("\n{address}"));
        }
        text
    }

    /// As `ip -d link show dev NAME` prints it, but for what only the driver knows and what came after iproute2 5.
    pub fn with_details(&self) -> String {
        let (least, largest) = self.mtus;
        let layer = self.layer();
        let mut text = format!("{}\n{layer} promiscuity {}", self.head(true), self.promiscuity);
        put(&mut text, format_args!(" minmtu {least} maxmtu {largest}"));
        if let Some(kind) = &self.kind {
            put(&mut text, format_args!("\n    {kind}"));
        }
        if let Some(mode) = self.addrgenmode {
            put(&mut text, format_args!(" addrgenmode {mode}"));
        }
        let ((tx, rx), (bytes, segments)) = (self.queues, self.gso_max);
        put(
            &mut text,
            format_args!(" numtxqueues {tx} numrxqueues {rx} gso_max_size {bytes} gso_max_segs {segments}"),
        );
        text
    }

    /// The first line (iproute2: ip/ipaddress.c, `print_linkinfo`).
    fn head(&self, with_mode: bool) -> String {
        let mut text = format!("{}: {}", self.index, self.name);
        match &self.other {
            Some(Other::Here { name, .. }) => put(&mut text, format_args!("@{name}")),
            Some(Other::Elsewhere(index)) => put(&mut text, format_args!("@if{index}")),
            Some(Other::None) => text.push_str("@NONE"),
            None => {}
        }
        let is_other_down = matches!(self.other, Some(Other::Here { up: false, .. }));
        put(&mut text, format_args!(": <{}> mtu {}", Flags(self.flags, is_other_down), self.mtu));
        if let Some(qdisc) = &self.qdisc {
            put(&mut text, format_args!(" qdisc {qdisc}"));
        }
        if let Some(master) = &self.master {
            put(&mut text, format_args!(" master {master}"));
        }
        put(&mut text, format_args!(" state {}", self.state));
        if with_mode {
            text.push_str(if self.mode == 0 { " mode DEFAULT" } else { " mode DORMANT" });
        }
        match self.group {
            0 => text.push_str(" group default"),
            number => put(&mut text, format_args!(" group {number}")),
        }
        if self.queue != 0 {
            put(&mut text, format_args!(" qlen {}", self.queue));
        }
        text
    }

    /// The second line.
    fn layer(&self) -> String {
        let mut text = match self.layer {
            Layer::Ether => "    link/ether".to_owned(),
            Layer::Loopback => "    link/loopback".to_owned(),
            Layer::None => "    link/none".to_owned(),
            Layer::Unknown(number) => format!("    link/[{number}]"),
        };
        if !self.address.is_empty() {
            put(&mut text, format_args!(" {}", octets(&self.address)));
        }
        if !self.broadcast.is_empty() {
            let word = if self.flags & POINT_TO_POINT != 0 { "peer" } else { "brd" };
            put(&mut text, format_args!(" {word} {}", octets(&self.broadcast)));
        }
        if let Some(netns) = self.netns {
            put(&mut text, format_args!(" link-netnsid {netns}"));
        }
        text
    }
}

/// Writing into a string does not fail.
fn put(text: &mut String, words: fmt::Arguments<'_>) {
    let _ = text.write_fmt(words);
}

fn octets(address: &[u8]) -> String {
    address.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

/// What is between the angle brackets, with whether the other end is down.
struct Flags(u32, bool);

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(flags, is_other_down) = *self;
        let no_carrier = (flags & UP != 0 && flags & RUNNING == 0).then_some("NO-CARRIER");
        let named = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
        let words = no_carrier.into_iter().chain(named).chain(is_other_down.then_some("M-DOWN"));
        f.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

/// linux: include/uapi/linux/if.h
const UP: u32 = 1;
const POINT_TO_POINT: u32 = 1 << 4;
const RUNNING: u32 = 1 << 6;

/// In the order of iproute2's `print_link_flags`.
const FLAGS: [(u32, &str); 17] = [
    (1 << 3, "LOOPBACK"),
    (1 << 1, "BROADCAST"),
    (POINT_TO_POINT, "POINTOPOINT"),
    (1 << 12, "MULTICAST"),
    (1 << 7, "NOARP"),
    (1 << 9, "ALLMULTI"),
    (1 << 8, "PROMISC"),
    (1 << 10, "MASTER"),
    (1 << 11, "SLAVE"),
    (1 << 2, "DEBUG"),
    (1 << 15, "DYNAMIC"),
    (1 << 14, "AUTOMEDIA"),
    (1 << 13, "PORTSEL"),
    (1 << 5, "NOTRAILERS"),
    (UP, "UP"),
    (1 << 16, "LOWER_UP"),
    (1 << 17, "DORMANT"),
];

#[cfg(test)]
mod tests;
