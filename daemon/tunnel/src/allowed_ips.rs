//! Cryptokey routing (whitepaper 2): which peer an address belongs to, by longest prefix.

mod prefix;
mod trie;

use std::net::IpAddr;

use prefix::left_aligned;
use trie::Trie;

pub use prefix::{Prefix, PrefixError};

/// Networks of both families, each with an owner.
///
/// Used both ways: the owner of a packet's destination gets it, and a packet from a peer must have a
/// source that this peer owns.
///
/// ```
/// use wgtrace_tunnel::AllowedIps;
///
/// let mut allowed = AllowedIps::new();
/// allowed.insert("10.0.0.0/8".parse()?, "everything");
/// allowed.insert("10.2.0.0/16".parse()?, "one node");
/// assert_eq!(allowed.lookup([10, 2, 0, 9].into()), Some(&"one node"));
/// assert_eq!(allowed.lookup([10, 3, 0, 9].into()), Some(&"everything"));
/// assert_eq!(allowed.lookup([192, 0, 2, 1].into()), None);
/// # Ok::<(), wgtrace_tunnel::PrefixError>(())
/// ```
#[derive(Debug, Clone)]
pub struct AllowedIps<T> {
    v4: Trie<T>,
    v6: Trie<T>,
}

impl<T> AllowedIps<T> {
    /// No networks.
    pub const fn new() -> Self {
        Self { v4: Trie::new(), v6: Trie::new() }
    }

    /// Gives `prefix` to `owner`; returns whose it was.
    pub fn insert(&mut self, prefix: Prefix, owner: T) -> Option<T> {
        let bits = left_aligned(prefix.addr());
        self.family_mut(prefix.addr()).insert(bits, prefix.len(), owner)
    }

    /// Takes exactly `prefix` away; returns whose it was.
    pub fn remove(&mut self, prefix: Prefix) -> Option<T> {
        let bits = left_aligned(prefix.addr());
        self.family_mut(prefix.addr()).remove(bits, prefix.len())
    }

    /// Takes away every network whose owner is not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.v4.retain(&mut keep);
        self.v6.retain(&mut keep);
    }

    /// Whose `addr` is: the owner of the longest prefix that contains it.
    #[inline]
    pub fn lookup(&self, addr: IpAddr) -> Option<&T> {
        match addr {
            IpAddr::V4(_) => self.v4.lookup(left_aligned(addr)),
            IpAddr::V6(_) => self.v6.lookup(left_aligned(addr)),
        }
    }

    /// Every network and its owner: IPv4 first, then by address, shorter before longer.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix, &T)> {
        let v4 = self.v4.entries().into_iter().filter_map(|(bits, len, owner)| {
            let addr = u32::try_from(bits >> 96).ok()?;
            Some((Prefix::new(IpAddr::V4(addr.into()), len).ok()?, owner))
        });
        let v6 =
            self.v6.entries().into_iter().filter_map(|(bits, len, owner)| {
                Some((Prefix::new(IpAddr::V6(bits.into()), len).ok()?, owner))
            });
        v4.chain(v6)
    }

    fn family_mut(&mut self, addr: IpAddr) -> &mut Trie<T> {
        match addr {
            IpAddr::V4(_) => &mut self.v4,
            IpAddr::V6(_) => &mut self.v6,
        }
    }
}

impl<T> Default for AllowedIps<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
