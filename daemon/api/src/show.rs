//! Packets and flows of `wgtrace-flow` in the words of the contract.

mod flow;
mod packet;
mod way;

use std::net::IpAddr;

use crate::filter::Peer;
use crate::v1;

pub use self::flow::flow;
pub use self::packet::{encryption, identity, inside, kind, message, packet};

/// What things are called where they were seen.
pub trait Names {
    /// The node itself.
    fn node(&self) -> &str;

    /// An interface, by its index; empty when nobody knows.
    fn interface(&self, index: u32) -> &str;

    /// Whose packets these are.
    fn party(&self, address: IpAddr, port: Option<u16>) -> v1::Party;

    /// The WireGuard peer that is at an address.
    fn peer_at(&self, address: IpAddr) -> Option<Peer<'_>>;

    /// The WireGuard peer that packets to or from an address go through.
    fn peer_of(&self, address: IpAddr) -> Option<Peer<'_>>;
}
