//! One packet at one hook, and all that is known of it.

use std::net::IpAddr;

use wgtrace_abi::Verdict;
use wgtrace_abi::hook::Attachment;
use wgtrace_api::filter::{Address, End, Header, Peer as PeerName, Place, Subject};
use wgtrace_api::show::{Names as _, kind, message};
use wgtrace_api::v1::EncryptionState;
use wgtrace_flow::time::WallOffset;
use wgtrace_flow::{Network, Packet};
use wgtrace_tunnel::Session;

use super::surroundings::Surroundings;

/// A packet at a hook, and what is known besides.
pub(super) struct Sight<'a> {
    pub(super) packet: &'a Packet<'a>,
    /// What is inside of it, where that could be read.
    pub(super) inner: Option<&'a Packet<'a>>,
    /// The session of the ciphertext that it is.
    pub(super) session: Option<&'a Session>,
    pub(super) cpu: u32,
    /// 0 for none.
    pub(super) identity: u64,
    pub(super) encryption: EncryptionState,
    /// The other end of a WireGuard message.
    pub(super) peer: Option<PeerName<'a>>,
    pub(super) around: &'a Surroundings,
    pub(super) wall: WallOffset,
}

/// Whether packets of this hook are those that really passed a native device.
pub(super) fn is_tapped(packet: &Packet<'_>) -> bool {
    packet.hook.attachment() == Attachment::Socket
}

/// Source and destination.
pub(super) fn addresses(packet: &Packet<'_>) -> Option<(IpAddr, IpAddr)> {
    match &packet.network {
        Network::Ip(ip) => Some((ip.ip.src(), ip.ip.dst())),
        Network::Arp(_) | Network::Other(_) | Network::Unread { .. } | Network::None => None,
    }
}

impl Sight<'_> {
    fn header_of(&self, packet: &Packet<'_>) -> Header<'_> {
        let Network::Ip(ip) = &packet.network else { return Header::default() };
        let (source, destination) = packet.transport.ports().unwrap_or_default();
        Header {
            source: self.end(ip.ip.src(), source),
            destination: self.end(ip.ip.dst(), destination),
            protocol: ip.protocol.0.into(),
        }
    }

    fn end(&self, address: IpAddr, port: u16) -> End<'_> {
        let pod = self.around.pod(address).unwrap_or_default();
        let node = self.around.node_of(address).unwrap_or_default();
        End { address: Address::Ip(address), port: port.into(), pod, node }
    }
}

/// The same answers that `v1::Packet` gives, before there is one.
impl Subject for Sight<'_> {
    fn node(&self) -> &str {
        &self.around.node
    }

    fn header(&self) -> Header<'_> {
        self.header_of(self.packet)
    }

    fn inner(&self) -> Option<Header<'_>> {
        self.inner.map(|inner| self.header_of(inner))
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let interface = self.around.interface(self.packet.event.ifindex);
        std::iter::once(Place { interface, hook: self.packet.hook.name() })
    }

    fn encryption(&self) -> EncryptionState {
        self.encryption
    }

    fn wireguard(&self) -> Option<&str> {
        message(self.packet).map(kind)
    }

    fn peer(&self) -> PeerName<'_> {
        self.peer.unwrap_or_default()
    }

    fn has_verdict(&self, verdict: Verdict) -> bool {
        self.packet.event.verdict().unwrap_or(Verdict::Unknown) == verdict
    }

    fn drop_reasons(&self) -> impl Iterator<Item = u32> {
        self.packet.event.drop_reason().map(|reason| reason.0.into()).into_iter()
    }

    fn tcp_state(&self) -> &'static str {
        ""
    }
}
