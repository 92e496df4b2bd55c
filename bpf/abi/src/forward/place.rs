use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::Address;

/// What a range of addresses is; the longest prefix that holds an address counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Place {
    /// The node that has it; all zero for none.
    pub node: Address,
    /// A [`PlaceKind`].
    pub kind: u8,
    /// Zero.
    pub reserved: [u8; 7],
}

const _: () = assert!(size_of::<Place>() == 24);

impl Place {
    /// Of a kind, at a node.
    pub const fn new(kind: PlaceKind, node: Address) -> Self {
        Self { node, kind: kind as u8, reserved: [0; 7] }
    }

    /// Its kind; a number of another version is [`PlaceKind::Pool`], which nothing is sent to.
    #[inline]
    pub const fn kind(&self) -> PlaceKind {
        PlaceKind::from_number(self.kind)
    }
}

/// Kinds of places. Addresses in no prefix are the world's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PlaceKind {
    /// The cluster's pool, as far as nobody is known to have it: never sent anywhere while encryption is on.
    Pool = 0,
    /// Pods of this node.
    LocalPods = 1,
    /// Pods of another node: to be encrypted.
    RemotePods = 2,
    /// This node itself.
    OwnNode = 3,
    /// Another node: plain between nodes, encrypted from and to pods.
    RemoteNode = 4,
    /// Services: the stack translates them before they leave. What is left of them then is as good as [`Pool`](Self::Pool).
    Services = 5,
    /// In the pool, and left in plaintext on purpose.
    Cleartext = 6,
}

impl PlaceKind {
    /// Every kind, by number.
    pub const ALL: [Self; 7] = [
        Self::Pool,
        Self::LocalPods,
        Self::RemotePods,
        Self::OwnNode,
        Self::RemoteNode,
        Self::Services,
        Self::Cleartext,
    ];

    /// The kind with this number; [`Pool`](Self::Pool) for those of another version.
    #[inline]
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::LocalPods,
            2 => Self::RemotePods,
            3 => Self::OwnNode,
            4 => Self::RemoteNode,
            5 => Self::Services,
            6 => Self::Cleartext,
            _ => Self::Pool,
        }
    }

    /// The name as it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::LocalPods => "local-pods",
            Self::RemotePods => "remote-pods",
            Self::OwnNode => "own-node",
            Self::RemoteNode => "remote-node",
            Self::Services => "services",
            Self::Cleartext => "cleartext",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_numbers_and_unknown_ones_are_closed() {
        assert!(PlaceKind::ALL.into_iter().all(|kind| PlaceKind::from_number(kind as u8) == kind));
        assert_eq!(PlaceKind::from_number(77), PlaceKind::Pool);
        assert_eq!(Place::default().kind(), PlaceKind::Pool);
    }
}
