//! Addresses, as `ip address` prints them.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use std::fmt;
use std::net::IpAddr;

use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};

/// An address of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The device's index.
    pub device: u32,
    /// The address itself.
    pub local: IpAddr,
    /// That of the other end, if it is another one.
    pub peer: Option<IpAddr>,
    /// Length of the prefix.
    pub len: u8,
    /// Where to reach everybody on the link.
    pub broadcast: Option<IpAddr>,
    /// The kernel's number.
    pub scope: u8,
    /// `IFA_F_..`.
    pub flags: u32,
    /// Of IPv4: usually the device's name.
    pub label: Option<String>,
    /// Seconds that it is valid and that it is preferred; all bits set for ever.
    pub lifetimes: (u32, u32),
}

impl Address {
    pub(super) fn new(message: &AddressMessage) -> Option<Self> {
        let header = &message.header;
        let (mut local, mut far, mut broadcast, mut label) = (None, None, None, None);
        let (mut flags, mut lifetimes) = (u32::from(header.flags.bits()), (u32::MAX, u32::MAX));
        for attribute in &message.attributes {
            match attribute {
                AddressAttribute::Local(address) => local = Some(*address),
                AddressAttribute::Address(address) => far = Some(*address),
                AddressAttribute::Broadcast(address) => broadcast = Some(IpAddr::from(*address)),
                AddressAttribute::Label(text) => label = Some(text.clone()),
                AddressAttribute::Flags(all) => flags = all.bits(),
                AddressAttribute::CacheInfo(cache) => lifetimes = (cache.ifa_valid, cache.ifa_preferred),
                _ => {}
            }
        }
        let address = local.or(far)?;
        Some(Self {
            device: header.index,
            local: address,
            peer: far.filter(|far| *far != address),
            len: header.prefix_len,
            broadcast,
            scope: header.scope.into(),
            flags,
            label,
            lifetimes,
        })
    }
}

/// Two lines, the first without its end's blanks.
impl fmt::Display for Address {
    // iproute2: ip/ipaddress.c, print_addrinfo
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_v6 = self.local.is_ipv6();
        write!(f, "    {} {}", if is_v6 { "inet6" } else { "inet" }, self.local)?;
        if let Some(peer) = self.peer {
            write!(f, " peer {peer}")?;
        }
        write!(f, "/{}", self.len)?;
        if let Some(broadcast) = self.broadcast {
            write!(f, " brd {broadcast}")?;
        }
        write!(f, " scope {}", scope(self.scope))?;
        for (bit, name) in FLAGS {
            match (name, self.flags & bit != 0) {
                ("permanent", false) => f.write_str(" dynamic")?,
                ("permanent", true) | (_, false) => {}
                ("secondary", true) if is_v6 => f.write_str(" temporary")?,
                (name, true) => write!(f, " {name}")?,
            }
        }
        if let Some(label) = &self.label {
            write!(f, " {label}")?;
        }
        let (valid, preferred) = (lifetime(self.lifetimes.0), lifetime(self.lifetimes.1));
        write!(f, "\n       valid_lft {valid} preferred_lft {preferred}")
    }
}

fn lifetime(seconds: u32) -> String {
    if seconds == u32::MAX { "forever".into() } else { format!("{seconds}sec") }
}

/// A scope by its name (iproute2: `lib/rt_names.c`).
pub(super) fn scope(number: u8) -> String {
    match number {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        255 => "nowhere".into(),
        number => number.to_string(),
    }
}

/// linux: `include/uapi/linux/if_addr.h`; in the order of iproute2's `ifa_flag_names`
const FLAGS: [(u32, &str); 12] = [
    (0x01, "secondary"),
    (0x02, "nodad"),
    (0x04, "optimistic"),
    (0x08, "dadfailed"),
    (0x10, "home"),
    (0x20, "deprecated"),
    (0x40, "tentative"),
    (0x80, "permanent"),
    (0x100, "mngtmpaddr"),
    (0x200, "noprefixroute"),
    (0x400, "autojoin"),
    (0x800, "stable-privacy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const POD: Address = Address {
        device: 14,
        local: IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 1, 203)),
        peer: None,
        len: 32,
        broadcast: None,
        scope: 0,
        flags: 0x80,
        label: None,
        lifetimes: (u32::MAX, u32::MAX),
    };

    #[test]
    fn a_pods_address_is_the_walkthroughs_line() {
        let address = Address { label: Some("eth0".into()), ..POD };
        assert_eq!(
            address.to_string(),
            "    inet 10.0.1.203/32 scope global eth0\n       valid_lft forever preferred_lft forever"
        );
    }

    #[test]
    fn flags_lifetimes_and_the_other_end_are_told() {
        let address = Address {
            local: "fe80::1".parse().unwrap(),
            peer: Some("fe80::2".parse().unwrap()),
            len: 64,
            scope: 253,
            flags: 0x43,
            lifetimes: (30, 20),
            ..POD
        };
        assert_eq!(
            address.to_string(),
            "    inet6 fe80::1 peer fe80::2/64 scope link temporary nodad tentative dynamic\n       \
             valid_lft 30sec preferred_lft 20sec"
        );
    }
}
