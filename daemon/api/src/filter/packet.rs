//! Packets of the API.

use wgtrace_abi::Verdict;

use super::subject::{Address, End, Header, Peer, Place, Subject};
use crate::v1::{EncryptionState, Packet, Party};

impl Subject for Packet {
    fn node(&self) -> &str {
        &self.node
    }

    fn header(&self) -> Header<'_> {
        Header {
            source: end(self.source.as_ref()),
            destination: end(self.destination.as_ref()),
            protocol: self.protocol,
        }
    }

    fn inner(&self) -> Option<Header<'_>> {
        (self.inner_source.is_some() || self.inner_destination.is_some()).then(|| Header {
            source: end(self.inner_source.as_ref()),
            destination: end(self.inner_destination.as_ref()),
            protocol: self.inner_protocol,
        })
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        std::iter::once(Place { interface: &self.interface, hook: &self.hook })
    }

    fn encryption(&self) -> EncryptionState {
        Packet::encryption(self)
    }

    fn wireguard(&self) -> Option<&str> {
        self.wireguard.as_ref().map(|message| message.kind.as_str())
    }

    fn peer(&self) -> Peer<'_> {
        self.wireguard
            .as_ref()
            .map_or_else(Peer::default, |message| Peer { key: &message.peer, node: &message.peer_node })
    }

    fn has_verdict(&self, verdict: Verdict) -> bool {
        self.verdict == verdict.name()
    }

    fn drop_reasons(&self) -> impl Iterator<Item = u32> {
        (self.drop_reason != 0).then_some(self.drop_reason).into_iter()
    }

    fn tcp_state(&self) -> &'static str {
        ""
    }
}

pub(super) fn end(party: Option<&Party>) -> End<'_> {
    party.map_or_else(End::default, |party| End {
        address: Address::Text(&party.address),
        port: party.port,
        pod: &party.pod,
        node: &party.node,
    })
}
