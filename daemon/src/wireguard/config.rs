//! The configuration format of wg(8), with `Address` and `MTU` of wg-quick(8).
//!
//! ```
//! use wgtraced::wireguard::config::Config;
//!
//! let error = "[Interface]\nPrivateKey = short\n".parse::<Config>().unwrap_err();
//! assert_eq!(error.to_string(), "line 2, column 14: PrivateKey: not a key, which is 44 characters of base64");
//! ```

mod error;
mod file;
mod parse;
mod show;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use wgtrace_decrypt::key::{PresharedKey, PrivateKey, PublicKey};
use wgtrace_tunnel::Prefix;

pub use error::{ConfigFault, ParseError};
pub use file::{FileError, load};

/// What a file says of a device and its peers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// `[Interface]`.
    pub interface: Interface,
    /// Each `[Peer]`, in order.
    pub peers: Vec<Peer>,
}

/// The section `[Interface]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// The device's own key.
    pub private_key: Option<PrivateKey>,
    /// The UDP port to receive on.
    pub listen_port: Option<u16>,
    /// The firewall mark of what the device sends; `off` is 0.
    pub fwmark: Option<u32>,
    /// Addresses of the interface, each with its network's length in bits (wg-quick).
    pub addresses: Vec<InterfaceAddress>,
    /// MTU of the interface in bytes (wg-quick).
    pub mtu: Option<u16>,
}

/// An address of the interface itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The address.
    pub addr: IpAddr,
    /// How many bits its network has in common.
    pub len: u8,
}

/// A section `[Peer]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Who it is.
    pub public_key: PublicKey,
    /// What both know beforehand.
    pub preshared_key: Option<PresharedKey>,
    /// Where it is.
    pub endpoint: Option<Endpoint>,
    /// Seconds between keepalives; `off` is none.
    pub persistent_keepalive: Option<NonZeroU16>,
    /// The inner addresses that are its own.
    pub allowed_ips: Vec<Prefix>,
}

/// Where a peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `192.0.2.1:51820`, `[2001:db8::1]:51820`.
    Addr(SocketAddr),
    /// `vpn.example.org:51820`, to be looked up.
    Name {
        /// The host's name.
        host: String,
        /// The UDP port.
        port: u16,
    },
}

#[cfg(test)]
mod tests;
