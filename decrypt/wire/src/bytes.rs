use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::Error;

/// The header at the start of `bytes`, and what follows it.
#[inline]
pub(crate) fn header<T>(bytes: &[u8]) -> Result<(&T, &[u8]), Error>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    T::ref_from_prefix(bytes).map_err(|_| Error::Truncated { need: size_of::<T>(), have: bytes.len() })
}

/// The first `len` bytes, and what follows them.
#[inline]
pub(crate) fn split(bytes: &[u8], len: usize) -> Result<(&[u8], &[u8]), Error> {
    bytes.split_at_checked(len).ok_or(Error::Truncated { need: len, have: bytes.len() })
}

/// `bytes` without what lies behind the claimed length; all of them when there is no claim.
#[inline]
pub(crate) fn trim(bytes: &[u8], claimed: Option<usize>) -> &[u8] {
    claimed.and_then(|len| bytes.get(..len)).unwrap_or(bytes)
}
