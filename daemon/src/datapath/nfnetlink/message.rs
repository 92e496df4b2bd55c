//! Messages to netfilter: a netlink header, `struct nfgenmsg`, attributes (linux: uapi/linux/netfilter/nfnetlink.h).

use std::fmt;

use super::{Attributes, NetfilterError};

/// An address family as netfilter counts them (linux: uapi/linux/netfilter.h, `NFPROTO_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(u8);

impl Family {
    /// Any.
    pub const UNSPECIFIED: Self = Self(0);
    /// IPv4 and IPv6 in one table.
    pub const INET: Self = Self(1);
    /// IPv4.
    pub const IPV4: Self = Self(2);
    /// IPv6.
    pub const IPV6: Self = Self(10);

    pub(crate) const fn new(number: u8) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u8 {
        self.0
    }
}

/// As `nft` writes it.
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INET => f.write_str("inet"),
            Self::IPV4 => f.write_str("ip"),
            Self::IPV6 => f.write_str("ip6"),
            Self(other) => write!(f, "family {other}"),
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it does, as errors say it: `add chain postrouting of table ip wgtrace_nat`.
    pub(crate) what: String,
    /// `NFNL_SUBSYS_*` in the upper byte, the subsystem's own number in the lower.
    pub(crate) kind: u16,
    /// `NLM_F_*`, without the two that the socket sets: `REQUEST` and `ACK`.
    pub(crate) flags: u16,
    pub(crate) family: Family,
    pub(crate) attributes: Attributes,
}

impl Message {
    /// Appends it as it goes out.
    pub(super) fn write(
        &self,
        flags: u16,
        sequence: u32,
        resource: u16,
        to: &mut Vec<u8>,
    ) -> Result<(), NetfilterError> {
        let too_long = || NetfilterError::TooLong { what: self.what.clone() };
        let attributes = self.attributes.as_bytes().ok_or_else(too_long)?;
        let length = NETLINK_HEADER + NETFILTER_HEADER + attributes.len();
        let length = u32::try_from(length).map_err(|_| too_long())?;
        to.extend_from_slice(&length.to_ne_bytes());
        to.extend_from_slice(&self.kind.to_ne_bytes());
        to.extend_from_slice(&(self.flags | flags).to_ne_bytes());
        to.extend_from_slice(&sequence.to_ne_bytes());
        to.extend_from_slice(&[0; 4]); // the kernel's port
        to.extend_from_slice(&[self.family.number(), VERSION]);
        to.extend_from_slice(&resource.to_be_bytes());
        to.extend_from_slice(attributes);
        Ok(())
    }
}

/// linux: `struct nlmsghdr`
pub(super) const NETLINK_HEADER: usize = 16;
/// linux: `struct nfgenmsg`
pub(super) const NETFILTER_HEADER: usize = 4;
/// linux: `NFNETLINK_V0`
const VERSION: u8 = 0;
