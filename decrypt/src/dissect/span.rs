use wgtrace_wire::Error;

use crate::capture::LinkType;

/// Why a frame yields no datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    UnsupportedLink(LinkType),
    NotIp,
    NotUdp,
    Malformed,
    Truncated,
    TooDeep,
}

/// What is left of a packet behind the headers walked so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    /// The bytes there are.
    pub(super) bytes: &'a [u8],
    /// Where they start in the buffer.
    pub(super) at: usize,
    /// How many there were before the capture cut some; never fewer than there are.
    pub(super) claimed: usize,
}

impl<'a> Span<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8], at: usize, claimed: usize) -> Self {
        Self { bytes, at, claimed: claimed.max(bytes.len()) }
    }

    /// What is left behind `len` more bytes.
    #[inline]
    pub(super) fn skip(self, len: usize) -> Result<Self, Loss> {
        let bytes = self.bytes.get(len..).ok_or_else(|| self.lacks(len))?;
        Ok(Self { bytes, at: self.at + len, claimed: self.claimed - len })
    }

    /// Without what lies behind `claimed` bytes, where a header says how many there are.
    #[inline]
    pub(super) fn trim(self, claimed: Option<usize>) -> Self {
        let Some(claimed) = claimed else { return self };
        Self { bytes: self.bytes.get(..claimed).unwrap_or(self.bytes), at: self.at, claimed }
    }

    /// The first `N` bytes.
    #[inline]
    pub(super) fn head<const N: usize>(self) -> Result<&'a [u8; N], Loss> {
        self.bytes.first_chunk().ok_or_else(|| self.lacks(N))
    }

    /// What `error` means, met while reading these bytes.
    #[cold]
    pub(super) fn fault(self, error: Error) -> Loss {
        if let Error::Truncated { need, .. } = error {
            self.lacks(need)
        } else if let Error::TooDeep { .. } = error {
            Loss::TooDeep
        } else if let Error::WrongVersion(_) = error {
            Loss::NotIp
        } else {
            Loss::Malformed
        }
    }

    /// Headers that end too early: the capture's doing, or their own.
    #[cold]
    fn lacks(self, need: usize) -> Loss {
        if self.claimed >= need { Loss::Truncated } else { Loss::Malformed }
    }
}
