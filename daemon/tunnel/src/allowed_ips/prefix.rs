use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// A network: an address whose host bits are zero, and how many bits are not host bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    addr: IpAddr,
    len: u8,
}

impl Prefix {
    /// The network of `addr`; its host bits are dropped, as `wg set` does.
    pub fn new(addr: IpAddr, len: u8) -> Result<Self, PrefixError> {
        let longest = longest(addr);
        if len > longest {
            return Err(PrefixError::TooLong { have: len, longest });
        }
        let bits = left_aligned(addr) & mask(len);
        let addr = match addr {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits >> 96).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        };
        Ok(Self { addr, len })
    }

    /// The network of one address.
    pub fn host(addr: IpAddr) -> Self {
        Self { addr, len: longest(addr) }
    }

    /// The first address.
    pub fn addr(self) -> IpAddr {
        self.addr
    }

    /// Length in bits.
    #[expect(clippy::len_without_is_empty, reason = "a prefix length, not a number of elements")]
    pub fn len(self) -> u8 {
        self.len
    }

    /// Whether `addr` lies within.
    pub fn contains(self, addr: IpAddr) -> bool {
        self.addr.is_ipv4() == addr.is_ipv4()
            && (left_aligned(self.addr) ^ left_aligned(addr)) & mask(self.len) == 0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `10.0.0.0/8`, `fd00::/8`, or an address alone.
impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (addr, len) = match text.split_once('/') {
            Some((addr, len)) => (addr, Some(len)),
            None => (text, None),
        };
        let addr = addr.parse().map_err(|_| PrefixError::NotAnAddress)?;
        let Some(len) = len else { return Ok(Self::host(addr)) };
        // `u8::from_str` takes a sign.
        let digits = !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit());
        let len = digits.then(|| len.parse().ok()).flatten().ok_or(PrefixError::NotALength)?;
        Self::new(addr, len)
    }
}

/// Why something is not a [`Prefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// What stands before the slash.
    #[error("not an IP address")]
    NotAnAddress,
    /// What stands behind the slash.
    #[error("the prefix length is not a number up to 128")]
    NotALength,
    /// Longer than addresses of this family.
    #[error("prefix length {have}, addresses of this family have {longest} bits")]
    TooLong {
        /// The length given, in bits.
        have: u8,
        /// The longest possible, in bits.
        longest: u8,
    },
}

/// An address at the upper end of 128 bits, so that one trie serves both families.
#[inline]
pub(super) fn left_aligned(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(u32::from(addr)) << 96,
        IpAddr::V6(addr) => addr.into(),
    }
}

/// The upper `len` bits.
#[inline]
pub(super) fn mask(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0)
}

fn longest(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { 32 } else { 128 }
}
