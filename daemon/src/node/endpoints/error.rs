use rustix::io::Errno;
use thiserror::Error;

use crate::datapath::KernelError;
use crate::datapath::pod::PodError;
use crate::endpoints::{EndpointKey, KeyError, PoolError, StoreError};
use crate::netns::NetnsError;
use crate::probe::ProbeError;
use crate::wireguard::DeviceNameError;

/// Why a pod does not have what it asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It has one already.
    #[error("{0} has an address already: delete it, then add it again")]
    Exists(EndpointKey),
    /// Nothing was given to it.
    #[error("{0} is not known here: add it")]
    Unknown(EndpointKey),
    /// Not all is there that was given to it.
    #[error("{key}: {what}")]
    Off {
        /// The pod.
        key: EndpointKey,
        /// What is missing.
        what: String,
    },
    /// No name.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No name for an interface.
    #[error(transparent)]
    Interface(#[from] DeviceNameError),
    /// No path.
    #[error("a network namespace is named by a path from / on, such as /run/netns/NAME")]
    NoPath,
    /// The node's.
    #[error("the network namespace is the node's own, not a pod's")]
    OwnNamespace,
    /// No namespace.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// No address.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// No cable.
    #[error(transparent)]
    Pod(#[from] PodError),
    /// No answer of the kernel's.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// No program, or no map.
    #[error(transparent)]
    Programs(#[from] ProbeError),
    /// It cannot be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EndpointError {
    /// Whether the asker is at fault, or has to do something else first, or nobody.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Pool(PoolError::Exhausted { .. }) => Blame::Exhausted,
            Self::Key(_) | Self::Interface(_) | Self::NoPath | Self::OwnNamespace | Self::Pool(_) => {
                Blame::Request
            }
            Self::Exists(_) | Self::Pod(PodError::Exists { .. }) => Blame::Exists,
            Self::Unknown(_) | Self::Netns(NetnsError::Open { error: Errno::NOENT, .. }) => Blame::Unknown,
            Self::Off { .. } | Self::Pod(PodError::Taken { .. } | PodError::InTheWay(_)) => Blame::State,
            Self::Netns(_) | Self::Pod(_) | Self::Kernel(_) | Self::Programs(_) | Self::Store(_) => {
                Blame::Node
            }
        }
    }
}

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The request makes no sense.
    Request,
    /// No address is left.
    Exhausted,
    /// It is there already.
    Exists,
    /// It is not there.
    Unknown,
    /// Something is not as it is to be.
    State,
    /// The node.
    Node,
}
