use wgtrace_wire::Error;

use crate::packet::Fault;

/// What is there of a stretch of the packet, and how long it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) bytes: &'a [u8],
    /// At least the length of `bytes`.
    pub(super) len: usize,
}

impl<'a> Span<'a> {
    /// What lies behind the first `header` bytes: `payload`, as a view found it.
    pub(super) fn behind(self, header: usize, payload: &'a [u8], claimed: Option<usize>) -> Self {
        let rest = self.len.saturating_sub(header);
        Self { bytes: payload, len: claimed.map_or(rest, |len| len.min(rest)).max(payload.len()) }
    }

    /// A header that could not be read: the capture ends in it, or it never was whole.
    pub(super) fn fault(self, error: Error) -> Fault {
        if let Error::Truncated { need, .. } = error
            && need <= self.len
        {
            return Fault::Cut;
        }
        Fault::Malformed(error)
    }
}
