use std::net::SocketAddr;
use std::sync::Arc;

use wgtrace_decrypt::keypair::Keypair;
use wgtrace_decrypt::noise::{HandshakeError, Initiator, Responder, Tai64n};
use wgtrace_wire::wireguard::{CookieReply, Initiation, Response, SessionIndex};

use super::Peer;
use super::timers::Timer;
use crate::drops::DropCause;
use crate::hub::{Event, Payload, Step};
use crate::session::Session;
use crate::time::{INITIATION_INTERVAL, REKEY_TIMEOUT, TIMESTAMP_GRAIN, WIPE_AFTER_TIME};

/// The handshake that this end began.
///
/// One that the peer begins meanwhile does not end it: when both ask at once, both are answered.
pub(super) enum Handshake {
    Idle,
    Awaiting(Box<Initiator>),
}

impl Peer {
    /// Asks for a session, on behalf of a want that is new: repetitions start over.
    pub(crate) fn initiate(&mut self, step: &mut Step<'_>) {
        self.trying_since = Some(step.now.monotonic);
        self.initiate_again(step);
    }

    /// Asks for a session, at most every 5 s; earlier wants wait.
    pub(super) fn initiate_again(&mut self, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        if self.lane.endpoint().is_none() {
            return;
        }
        if let Some(due) = self.spoke.map(|spoke| spoke + REKEY_TIMEOUT).filter(|due| now < *due) {
            if !self.timers.is_set(Timer::Retransmit) {
                let at = due + step.jitter();
                self.timers.set(Timer::Retransmit, at);
            }
            return;
        }
        self.abandon(step);
        let timestamp = self.timestamp(step.now.unix_nanos);
        let (index, ephemeral) = (step.hub.indices.allocate(self.id, step.rng), step.private_key());
        let (private, log) = (&step.hub.private, &*step.hub.log);
        let started = Initiator::start(private, &self.remote, &self.psk, index, ephemeral, timestamp, log);
        let Ok((initiator, mut message)) = started else {
            step.hub.indices.release(index);
            return self.lane.drops().add(DropCause::LowOrderPoint, 1);
        };
        self.jar.stamp(now, &mut message);
        self.handshake = Handshake::Awaiting(Box::new(initiator));
        self.spoke = Some(now);
        self.has_asked();
        self.tally.initiations = self.tally.initiations.saturating_add(1);
        let at = now + REKEY_TIMEOUT + step.jitter();
        self.timers.set(Timer::Retransmit, at);
        self.sent_any(step);
        self.transmit(step, Payload::Initiation(message));
    }

    /// Answers an initiation that decrypted as this peer's.
    pub(crate) fn handle_initiation(
        &mut self,
        step: &mut Step<'_>,
        responder: Responder<'_>,
        source: SocketAddr,
    ) -> Result<(), DropCause> {
        let now = step.now.monotonic;
        let refuse = |peer: &Self, cause| Err(peer.lane.drops().count(cause));
        if self.greatest.is_some_and(|greatest| responder.timestamp() <= greatest) {
            return refuse(self, DropCause::ReplayedInitiation);
        }
        if self.accepted.is_some_and(|last| now.saturating_duration_since(last) < INITIATION_INTERVAL) {
            return refuse(self, DropCause::InitiationFlood);
        }
        let timestamp = responder.timestamp();
        let (index, ephemeral) = (step.hub.indices.allocate(self.id, step.rng), step.private_key());
        let answered = responder.respond(&self.psk, index, &ephemeral, &*step.hub.log);
        let Ok((mut message, keypair)) = answered else {
            step.hub.indices.release(index);
            return refuse(self, DropCause::LowOrderPoint);
        };
        (self.greatest, self.accepted) = (Some(timestamp), Some(now));
        self.was_asked();
        self.received_any(step, source, Initiation::LEN as u64);
        let session = self.begin(step, keypair);
        let retired = self.sessions.responded(session);
        step.retire(retired);
        self.jar.stamp(now, &mut message);
        self.spoke = Some(now);
        self.tally.responses = self.tally.responses.saturating_add(1);
        self.sent_any(step);
        self.transmit(step, Payload::Response(message));
        Ok(())
    }

    /// Finishes a handshake that this end began.
    pub(crate) fn handle_response(
        &mut self,
        step: &mut Step<'_>,
        message: &Response,
        source: SocketAddr,
    ) -> Result<(), DropCause> {
        let receiver = SessionIndex(message.receiver.get());
        let refuse = |peer: &Self, cause| Err(peer.lane.drops().count(cause));
        let finished = match &self.handshake {
            Handshake::Awaiting(initiator) if initiator.index() == receiver => {
                initiator.finish(message, &*step.hub.log)
            }
            Handshake::Awaiting(_) | Handshake::Idle => {
                return refuse(self, DropCause::UnexpectedResponse);
            }
        };
        let keypair = match finished {
            Ok(keypair) => keypair,
            Err(HandshakeError::LowOrderPoint(_)) => return refuse(self, DropCause::LowOrderPoint),
            Err(_) => return refuse(self, DropCause::ResponseUndecryptable),
        };
        // The index is the session's now.
        self.handshake = Handshake::Idle;
        self.received_any(step, source, Response::LEN as u64);
        let session = self.begin(step, keypair);
        self.lane.set_session(None);
        let retired = self.sessions.initiated(session);
        step.retire(retired);
        self.completed(step);
        Ok(())
    }

    /// Keeps a cookie for the next handshake message.
    pub(crate) fn handle_cookie(&mut self, step: &Step<'_>, reply: &CookieReply) -> Result<(), DropCause> {
        self.jar.receive(step.now.monotonic, reply).map_err(|cause| self.lane.drops().count(cause))
    }

    /// The current session is agreed on by both: what waited goes first, then whatever workers send;
    /// with nothing waiting, a keepalive tells a responder that it may send.
    pub(super) fn completed(&mut self, step: &mut Step<'_>) {
        let Some(session) = self.sessions.current().map(Arc::clone) else { return };
        self.timers.stop(Timer::Retransmit);
        (self.trying_since, self.last_minute) = (None, false);
        self.tally.last_handshake = Some(step.now.unix_nanos);
        self.tally.handshakes = self.tally.handshakes.saturating_add(1);
        step.hub.tell(Event::HandshakeCompleted { peer: self.id, local: session.local() });
        self.flush(step, &session);
        self.lane.set_session(Some(session));
    }

    /// Drops the handshake in progress, if any.
    pub(super) fn abandon(&mut self, step: &mut Step<'_>) {
        if let Handshake::Awaiting(initiator) = std::mem::replace(&mut self.handshake, Handshake::Idle) {
            step.hub.indices.release(initiator.index());
        }
    }

    fn begin(&mut self, step: &mut Step<'_>, keypair: Keypair) -> Arc<Session> {
        let now = step.now.monotonic;
        let session = Arc::new(Session::new(keypair, self.id, now, Arc::clone(self.lane.drops())));
        step.hub.begin(&session);
        self.timers.set(Timer::Wipe, now + WIPE_AFTER_TIME);
        session
    }

    /// Coarse, and greater than the last even when the clock was set back.
    fn timestamp(&mut self, unix_nanos: i64) -> Tai64n {
        let coarse = unix_nanos & !(TIMESTAMP_GRAIN - 1);
        let least = self.stamped.map_or(coarse, |last| last.saturating_add(TIMESTAMP_GRAIN));
        let stamp = coarse.max(least);
        self.stamped = Some(stamp);
        Tai64n::from_unix_nanos(stamp)
    }
}
