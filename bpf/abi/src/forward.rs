//! What forwarding is decided by: maps that user space fills, and counters.

mod metric;
mod place;

pub use self::metric::Metric;
pub use self::place::{Place, PlaceKind};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::Address;

/// A link-layer address.
pub type Mac = [u8; 6];

/// What is true of the node as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Settings {
    /// The node's own address, which WireGuard's packets come from.
    pub node: Address,
    /// The pods' gateway: the address of `cilium_host`.
    pub router: Address,
    /// `cilium_host`.
    pub host_ifindex: u32,
    /// `cilium_wg0`; 0 while there is none.
    pub wireguard_ifindex: u32,
    /// The device that leads to the other nodes.
    pub native_ifindex: u32,
    /// WireGuard's UDP port, in host order.
    pub wireguard_port: u16,
    /// [`READY`](Self::READY), [`ENCRYPTION`](Self::ENCRYPTION) and [`STRICT`](Self::STRICT), as bits.
    pub flags: u16,
}

const _: () = assert!(size_of::<Settings>() == 48);

impl Settings {
    /// The settings are there: without it pods are cut off.
    pub const READY: u16 = 1 << 0;
    /// What goes to other nodes' pods is encrypted.
    pub const ENCRYPTION: u16 = 1 << 1;
    /// What reaches the native device in plaintext and should not is dropped, not led into the tunnel.
    pub const STRICT: u16 = 1 << 2;

    /// Whether all of these bits are set in [`flags`](Self::flags).
    #[inline]
    pub const fn has(&self, flags: u16) -> bool {
        self.flags & flags == flags
    }
}

/// A local pod, by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Endpoint {
    /// The host's end of its cable.
    pub ifindex: u32,
    /// Link-layer address of the pod's end.
    pub mac: Mac,
    /// Link-layer address of the host's end.
    pub host_mac: Mac,
}

const _: () = assert!(size_of::<Endpoint>() == 16);

/// Whose packets come in by a pod's host-side device, by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Origin {
    /// The pod's IPv4 address; all zero for none.
    pub ipv4: Address,
    /// The pod's IPv6 address; all zero for none.
    pub ipv6: Address,
    /// Link-layer address of the host's end, which the pod takes for everybody's.
    pub host_mac: Mac,
    /// Zero.
    pub reserved: [u8; 2],
}

const _: () = assert!(size_of::<Origin>() == 40);

/// Most local pods.
pub const MAX_ENDPOINTS: usize = 4096;
/// Most prefixes.
pub const MAX_PREFIXES: usize = 65_536;
