use std::net::IpAddr;

use thiserror::Error;
use wgtrace_tunnel::Prefix;

use super::{Entry, EntryError, Name, NameError};

/// Why an entry is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What is in it.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The file's name.
    #[error("the file's name: {0}")]
    FileName(NameError),
    /// The name in it is not the file's.
    #[error("it says it is {0}, which is another file's name")]
    OtherName(Name),
    /// Longer than entries are.
    #[error("{have} bytes, of at most {}", Entry::MOST_BYTES)]
    TooLarge {
        /// Its length, in bytes.
        have: u64,
    },
    /// A symbolic link, a directory, a device.
    #[error("not a regular file")]
    NotAFile,
    /// Somebody else's file.
    #[error("it belongs to user {0}: `chown root`")]
    Owner(u32),
    /// Open to others.
    #[error("others than its owner may write it: `chmod go-w`")]
    Writable,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// It takes this node's name.
    #[error(
        "it has this node's name, and says something else than this node: is there another node of that name?"
    )]
    OurName,
    /// A key that another node has.
    #[error("it has the key of {0}")]
    Key(Name),
    /// An address that another node has.
    #[error("it has {addr}, an address of {of}")]
    Address {
        /// The address.
        addr: IpAddr,
        /// Whose it is.
        of: Name,
    },
    /// Pods that another node has.
    #[error("its pods' network {cidr} and {theirs} of {of} overlap")]
    Overlap {
        /// Its network.
        cidr: Prefix,
        /// The other one's.
        theirs: Prefix,
        /// Whose that is.
        of: Name,
    },
    /// Pods that are nodes.
    #[error("its pods' network {cidr} has {addr} in it, a node's address ({of})")]
    CoversNode {
        /// The network.
        cidr: Prefix,
        /// The address.
        addr: IpAddr,
        /// Whose it is.
        of: Name,
    },
    /// Everything.
    #[error("its pods' network {0} is everything")]
    Everything(Prefix),
    /// Pods whose traffic nobody would encrypt.
    #[error("its pods' network {0} is not within ipam.cluster-pool: traffic to it would not be encrypted")]
    OutsidePool(Prefix),
    /// A node that would be taken for a pod.
    #[error("its address {0} is within ipam.cluster-pool, and ipam.nodes-in-pool is not set")]
    InPool(IpAddr),
    /// More nodes than there can be.
    #[error("there are {0} nodes already")]
    TooManyNodes(usize),
}
