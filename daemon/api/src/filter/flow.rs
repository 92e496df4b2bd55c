//! Flows of the API.

use wgtrace_abi::Verdict;

use super::packet::end;
use super::subject::{Header, Peer, Place, Subject};
use crate::v1::{Count, EncryptionState, Flow};

impl Subject for Flow {
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
        None
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.hops.iter().map(|hop| Place { interface: &hop.interface, hook: &hop.hook })
    }

    fn encryption(&self) -> EncryptionState {
        Flow::encryption(self)
    }

    fn wireguard(&self) -> Option<&str> {
        self.wireguard.then_some("")
    }

    fn peer(&self) -> Peer<'_> {
        Peer { key: &self.peer, node: &self.peer_node }
    }

    /// A flow went on as far as more packets of it were seen than dropped; what else was decided, it does not tell.
    fn has_verdict(&self, verdict: Verdict) -> bool {
        let dropped: u64 = self.drops.iter().map(|drop| drop.packets).fold(0, u64::saturating_add);
        let packets = |count: &Option<Count>| count.as_ref().map_or(0, |count| count.packets);
        let of_hop = |hop: &crate::v1::Hop| packets(&hop.forward).saturating_add(packets(&hop.backward));
        match verdict {
            Verdict::Dropped => dropped != 0,
            Verdict::Forwarded => self.hops.iter().map(of_hop).fold(0, u64::saturating_add) > dropped,
            Verdict::Unknown | Verdict::Redirected => false,
        }
    }

    fn drop_reasons(&self) -> impl Iterator<Item = u32> {
        self.drops.iter().filter(|drop| drop.packets != 0).map(|drop| drop.reason)
    }

    fn tcp_state(&self) -> &str {
        &self.tcp_state
    }
}
