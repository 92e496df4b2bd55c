//! Why netfilter cannot be read or changed.

use std::io;

use rustix::io::Errno;
use thiserror::Error;

/// Why netfilter cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetfilterError {
    /// The socket does not work.
    #[error("cannot {what}: {errno}{}", hint(*errno))]
    Socket {
        /// What was asked of it.
        what: &'static str,
        /// What the kernel said.
        errno: Errno,
    },
    /// The kernel refuses.
    #[error(
        "cannot {what}: {errno}{}{}{}",
        .kernel.as_ref().map(|said| format!(" ({said})")).unwrap_or_default(),
        more(*.others),
        hint(*.errno)
    )]
    Refused {
        /// What was asked, with table, chain and rule.
        what: String,
        /// What the kernel said.
        errno: Errno,
        /// What it said in addition (`NETLINK_EXT_ACK`).
        kernel: Option<String>,
        /// How many further messages of the same transaction it refused; nothing of a transaction is carried out then.
        others: usize,
    },
    /// Nothing came back.
    #[error("cannot {what}: the kernel does not answer")]
    Silent {
        /// What was asked.
        what: String,
    },
    /// What came back cannot be read.
    #[error("cannot {what}: the kernel's answer is not understood: {reason}")]
    Malformed {
        /// What was asked.
        what: String,
        /// What is wrong with the answer.
        reason: Malformed,
    },
    /// It changes faster than it can be read.
    #[error("cannot {what}: it changed {tries} times while it was read; who else writes it?")]
    Restless {
        /// What was asked.
        what: String,
        /// How often it was tried.
        tries: u32,
    },
    /// It does not fit the message format.
    #[error("cannot {what}: more than 65535 bytes in one attribute")]
    TooLong {
        /// What was asked.
        what: String,
    },
}

impl NetfilterError {
    pub(super) fn socket(what: &'static str, error: &io::Error) -> Self {
        Self::Socket { what, errno: errno(error) }
    }

    /// What the kernel said, if it said so.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Socket { errno, .. } | Self::Refused { errno, .. } => Some(*errno),
            Self::Silent { .. } | Self::Malformed { .. } | Self::Restless { .. } | Self::TooLong { .. } => {
                None
            }
        }
    }
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It does not end where it says.
    #[error("attribute {kind} says {length} bytes, {have} are left")]
    Attribute {
        /// Its kind.
        kind: u16,
        /// The length it says.
        length: usize,
        /// The bytes there are.
        have: usize,
    },
    /// Its value has another length.
    #[error("a value of {have} bytes instead of {need}")]
    Length {
        /// The length that is right.
        need: usize,
        /// The length there is.
        have: usize,
    },
    /// It should be there.
    #[error("no {0}")]
    Missing(&'static str),
    /// The message is shorter than its header.
    #[error("a message of {have} bytes instead of at least {need}")]
    Message {
        /// Bytes of the header.
        need: usize,
        /// The bytes there are.
        have: usize,
    },
}

pub(super) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and one more of the same transaction)".to_owned(),
        others => format!(" (and {others} more of the same transaction)"),
    }
}

/// What may be behind it, and the way out.
fn hint(errno: Errno) -> &'static str {
    if matches!(errno, Errno::PERM | Errno::ACCESS) {
        return "; this needs root or CAP_NET_ADMIN in the network namespace";
    }
    if matches!(errno, Errno::PROTONOSUPPORT | Errno::OPNOTSUPP | Errno::AFNOSUPPORT) {
        return "; if the kernel lacks it: CONFIG_NF_TABLES, NF_CT_NETLINK, NFT_CT, NFT_NAT and NFT_MASQ are needed";
    }
    if errno == Errno::NOENT {
        return "; what it names is not there, or the kernel lacks it: CONFIG_NFT_CT, NFT_NAT and NFT_MASQ are needed";
    }
    ""
}
