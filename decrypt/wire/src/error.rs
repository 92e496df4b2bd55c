use core::fmt;

/// Why bytes are not the header that they were read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Fewer bytes than the header itself, or than it claims.
    Truncated {
        /// Bytes needed.
        need: usize,
        /// Bytes present.
        have: usize,
    },
    /// The version field is another protocol's.
    WrongVersion(u8),
    /// A length field contradicts the header's own size.
    BadLength {
        /// What the field says, in bytes.
        claimed: usize,
    },
    /// More nested headers than are followed.
    TooDeep {
        /// How many are.
        limit: usize,
    },
    /// The first byte is no WireGuard message type.
    NotWireGuard,
    /// The type byte is WireGuard's, the length is not that type's.
    WrongLength {
        /// Exact length, or least length for transport data, in bytes.
        need: usize,
        /// Bytes present.
        have: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { need, have } => write!(f, "truncated: {have} of {need} bytes"),
            Self::WrongVersion(version) => write!(f, "unexpected version {version}"),
            Self::BadLength { claimed } => write!(f, "impossible length field {claimed}"),
            Self::TooDeep { limit } => write!(f, "more than {limit} nested headers"),
            Self::NotWireGuard => f.write_str("not a WireGuard message"),
            Self::WrongLength { need, have } => {
                write!(f, "a WireGuard message of this type has {need} bytes, not {have}")
            }
        }
    }
}

impl core::error::Error for Error {}
