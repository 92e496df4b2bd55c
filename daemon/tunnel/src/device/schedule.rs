use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::session::PeerId;

/// Which peer wants to be woken when.
///
/// A wish that moves further away, as it does with every packet, costs nothing: the peer is woken at
/// the old time, finds nothing due, and is noted anew.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    order: BTreeSet<(Instant, PeerId)>,
    of: BTreeMap<PeerId, Instant>,
}

impl Schedule {
    pub(super) fn note(&mut self, peer: PeerId, at: Option<Instant>) {
        let Some(at) = at else { return };
        match self.of.get_mut(&peer) {
            Some(noted) if *noted <= at => {}
            Some(noted) => {
                self.order.remove(&(*noted, peer));
                *noted = at;
                self.order.insert((at, peer));
            }
            None => {
                self.of.insert(peer, at);
                self.order.insert((at, peer));
            }
        }
    }

    /// Takes out one peer whose time has come.
    pub(super) fn due(&mut self, now: Instant) -> Option<PeerId> {
        let (_, peer) = self.order.first().filter(|(at, _)| *at <= now).copied()?;
        self.forget(peer);
        Some(peer)
    }

    pub(super) fn forget(&mut self, peer: PeerId) {
        if let Some(at) = self.of.remove(&peer) {
            self.order.remove(&(at, peer));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }
}
