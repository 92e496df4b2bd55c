//! What can be asked of a packet or a flow.

use std::net::IpAddr;

use wgtrace_abi::Verdict;

use crate::v1::EncryptionState;

/// Something that a filter can be held against. What is not known is empty, `None`, or 0.
pub trait Subject {
    /// Name of the node that saw it.
    fn node(&self) -> &str;
    /// Its outermost IP header.
    fn header(&self) -> Header<'_>;
    /// What is inside of ciphertext, where it could be read.
    fn inner(&self) -> Option<Header<'_>>;
    /// Where it was seen.
    fn places(&self) -> impl Iterator<Item = Place<'_>>;
    /// How it left or entered the node.
    fn encryption(&self) -> EncryptionState;
    /// The kind of message if it is WireGuard's own, as in `v1::WireguardMessage`; empty for several.
    fn wireguard(&self) -> Option<&str>;
    /// The WireGuard peer that it goes through.
    fn peer(&self) -> Peer<'_>;
    /// Whether this was decided of it, at one hook at least.
    fn has_verdict(&self, verdict: Verdict) -> bool;
    /// Cilium's numbers of the reasons for which it was dropped.
    fn drop_reasons(&self) -> impl Iterator<Item = u32>;
    /// The state of the TCP connection, by name.
    fn tcp_state(&self) -> &str;
}

/// Both ends and the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header<'a> {
    /// Who sends; of a flow, who began.
    pub source: End<'a>,
    /// Who gets it.
    pub destination: End<'a>,
    /// IP protocol number; 0 when it is no IP.
    pub protocol: u32,
}

/// One end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct End<'a> {
    /// Its address.
    pub address: Address<'a>,
    /// Its port; 0 for none.
    pub port: u32,
    /// "namespace/name" of the pod.
    pub pod: &'a str,
    /// The node it is on.
    pub node: &'a str,
}

/// An address, in the form in which it is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Address<'a> {
    /// Not known.
    #[default]
    None,
    /// As the API writes it.
    Text(&'a str),
    /// As a value.
    Ip(IpAddr),
}

impl Address<'_> {
    /// The value.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::None => None,
            Self::Text(text) => text.parse().ok(),
            Self::Ip(ip) => Some(ip),
        }
    }

    /// Whether it is of this family, told without reading all of it.
    pub(super) fn is_ipv6(self) -> Option<bool> {
        match self {
            Self::None | Self::Text("") => None,
            Self::Text(text) => Some(text.contains(':')),
            Self::Ip(ip) => Some(ip.is_ipv6()),
        }
    }
}

/// A place in the node's datapath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place<'a> {
    /// Name of the interface.
    pub interface: &'a str,
    /// Name of the hook.
    pub hook: &'a str,
}

/// A WireGuard peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peer<'a> {
    /// Its public key in base64.
    pub key: &'a str,
    /// Its node.
    pub node: &'a str,
}
