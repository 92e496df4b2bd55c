use super::Peer;
use super::handshake::Handshake;
use super::timers::Timer;
use crate::drops::DropCause;
use crate::hub::Step;
use crate::staged::Staged;

/// What is kept for a peer that is said to be gone.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    /// Of what is sent under a session that it may have forgotten.
    copies: Staged,
    /// Copies that newer ones have pushed out.
    gone: u64,
    /// How often it was asked for a session.
    asked: u32,
    /// Whether it asks for a session: after a restart it does so at once.
    returned: bool,
}

impl Peer {
    pub(crate) fn copies(&self) -> Option<usize> {
        self.suspicion.as_ref().map(|suspicion| suspicion.copies.len())
    }

    /// The network returned a datagram. A peer that lives answers the question that follows within a round trip.
    pub(crate) fn handle_unreachable(&mut self, step: &mut Step<'_>) {
        if self.sessions.current().is_none() {
            // What is sent to it waits anyhow.
            return;
        }
        if self.suspicion.is_none() {
            let asked = u32::from(matches!(self.handshake, Handshake::Awaiting(_)));
            self.suspicion = Some(Suspicion { asked, ..Suspicion::default() });
            self.lane.set_suspected(true);
        }
        if !self.timers.is_set(Timer::Retransmit) {
            self.initiate(step);
        }
    }

    /// Keeps a copy of a packet that is sent.
    pub(crate) fn keep(&mut self, packet: &[u8], mtu: usize) {
        if let Some(suspicion) = &mut self.suspicion {
            let gone = suspicion.copies.push(packet, mtu);
            suspicion.gone = suspicion.gone.saturating_add(gone);
        }
    }

    /// An initiation goes out.
    pub(super) fn has_asked(&mut self) {
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.asked = suspicion.asked.saturating_add(1);
        }
    }

    /// An initiation of the peer's was accepted.
    pub(super) fn was_asked(&mut self) {
        if let Some(suspicion) = &mut self.suspicion {
            suspicion.returned = true;
        }
    }

    /// The peer has used a session that it had before: all that was sent had been sent to somebody.
    pub(super) fn is_well(&mut self) {
        if self.suspicion.take().is_some() {
            self.lane.set_suspected(false);
        }
    }

    /// A new session is agreed on: with a peer that was gone, what was sent meanwhile goes to the front of what waits. It
    /// was gone if it asked by itself, or did not answer the first question; to one that never was, nothing is sent twice.
    pub(super) fn is_back(&mut self) -> Option<Staged> {
        let suspicion = self.suspicion.take()?;
        self.lane.set_suspected(false);
        let was_gone = suspicion.returned || suspicion.asked > 1;
        if was_gone {
            self.lane.drops().add(DropCause::PeerGone, suspicion.gone);
        }
        was_gone.then_some(suspicion.copies)
    }

    /// It does not come back.
    pub(super) fn give_up_copies(&mut self) {
        if let Some(suspicion) = self.suspicion.take() {
            self.lane.set_suspected(false);
            let lost = suspicion.gone.saturating_add(suspicion.copies.len() as u64);
            self.lane.drops().add(DropCause::PeerGone, lost);
        }
    }
}
