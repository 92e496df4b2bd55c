use std::net::SocketAddr;
use std::sync::Arc;

use wgtrace_decrypt::keypair::{REKEY_AFTER_MESSAGES, Role, message_len};

use super::Peer;
use super::timers::Timer;
use crate::drops::DropCause;
use crate::hub::{Payload, Step};
use crate::session::Session;
use crate::staged::Waiting;
use crate::time::{KEEPALIVE_TIMEOUT, REJECT_AFTER_TIME, REKEY_AFTER_TIME, REKEY_TIMEOUT};

/// What a worker sent under one session in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Length of all messages in bytes.
    pub bytes: u64,
    /// Whether any was more than a keepalive.
    pub data: bool,
}

/// What a worker opened under one session in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Where the last message came from.
    pub source: SocketAddr,
    /// Length of all messages in bytes.
    pub bytes: u64,
    /// Whether any was more than a keepalive.
    pub data: bool,
}

impl Sent {
    /// Adds a later batch under the same session, where the state machine was busy.
    pub fn merge(&mut self, later: Self) {
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.data |= later.data;
    }
}

impl Received {
    /// Adds a later batch under the same session, where the state machine was busy.
    pub fn merge(&mut self, later: Self) {
        self.source = later.source;
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.data |= later.data;
    }
}

impl Peer {
    /// Sends a packet now, or keeps it and asks for a session.
    pub(crate) fn handle_packet(&mut self, step: &mut Step<'_>, packet: &[u8]) -> Result<(), DropCause> {
        if self.lane.endpoint().is_none() {
            return Err(self.lane.drops().count(DropCause::NoEndpoint));
        }
        if let Some(session) = self.usable(step) {
            self.keep(packet, step.hub.mtu);
            return self.send_packet(step, &session, Waiting::new(packet, step.hub.mtu));
        }
        let dropped = self.staged.push(packet, step.hub.mtu);
        self.lane.drops().add(DropCause::StagedOverflow, dropped);
        self.initiate(step);
        Ok(())
    }

    /// Follows what workers sent.
    pub(crate) fn handle_sent(&mut self, step: &mut Step<'_>, sent: Sent) {
        self.tally.tx_bytes = self.tally.tx_bytes.saturating_add(sent.bytes);
        self.sent_any(step);
        if sent.data {
            self.sent_data(step);
        }
        self.refresh_after_sending(step);
    }

    /// Follows what workers received: authentic, and new.
    pub(crate) fn handle_received(&mut self, step: &mut Step<'_>, session: &Session, received: Received) {
        if !self.sessions.knows(session.local()) {
            // Retired between the worker's look and this one: too late to mean anything.
            self.tally.rx_bytes = self.tally.rx_bytes.saturating_add(received.bytes);
            return;
        }
        self.received_any(step, received.source, received.bytes);
        if let Some(retired) = self.sessions.confirm(session.local()) {
            // Ours, if it is still asked for, has become needless.
            self.abandon(step);
            self.lane.set_session(None);
            step.retire(retired);
            self.completed(step);
        } else {
            self.is_well();
        }
        if received.data {
            if self.timers.is_set(Timer::PassiveKeepalive) {
                self.another_keepalive = true;
            } else {
                self.timers.set(Timer::PassiveKeepalive, step.now.monotonic + KEEPALIVE_TIMEOUT);
            }
        }
        self.refresh_after_receiving(step);
    }

    /// Sends what waited, or a keepalive.
    pub(super) fn flush(&mut self, step: &mut Step<'_>, session: &Arc<Session>) {
        let mut again = self.is_back().unwrap_or_default();
        if again.len() + self.staged.len() == 0 && session.role() == Role::Initiator {
            return self.send_keepalive(step, session);
        }
        while let Some(waiting) = again.pop().or_else(|| self.staged.pop()) {
            // What is refused has been counted.
            let _ = self.send_packet(step, session, waiting);
        }
    }

    /// A keepalive where there is a session, else the wish for one.
    pub(super) fn keepalive(&mut self, step: &mut Step<'_>) {
        match self.usable(step) {
            Some(session) => self.send_keepalive(step, &session),
            None => self.initiate(step),
        }
    }

    pub(super) fn sent_any(&mut self, step: &Step<'_>) {
        self.timers.stop(Timer::PassiveKeepalive);
        self.traversed(step);
    }

    pub(super) fn received_any(&mut self, step: &mut Step<'_>, source: SocketAddr, bytes: u64) {
        self.tally.rx_bytes = self.tally.rx_bytes.saturating_add(bytes);
        self.heard_from(step, source);
        self.timers.stop(Timer::NewHandshake);
        self.traversed(step);
    }

    fn usable(&self, step: &Step<'_>) -> Option<Arc<Session>> {
        self.sessions.current().filter(|session| session.is_usable(step.now.monotonic)).map(Arc::clone)
    }

    fn send_keepalive(&mut self, step: &mut Step<'_>, session: &Arc<Session>) {
        let mut message = [0; 32];
        let sealed = session
            .reserve(step.now.monotonic, 1)
            .and_then(|mut run| run.seal(&mut message, 0, step.hub.mtu).map(|_| ()));
        if sealed.is_ok() {
            self.tally.keepalives = self.tally.keepalives.saturating_add(1);
            self.sent_any(step);
            self.transmit(step, Payload::Keepalive(message));
            self.refresh_after_sending(step);
        }
    }

    fn send_packet(
        &mut self,
        step: &mut Step<'_>,
        session: &Arc<Session>,
        waiting: Waiting,
    ) -> Result<(), DropCause> {
        let Waiting { mut buffer, len } = waiting;
        buffer.resize(message_len(len, step.hub.mtu), 0);
        session.reserve(step.now.monotonic, 1)?.seal(&mut buffer, len, step.hub.mtu)?;
        self.sent_any(step);
        self.sent_data(step);
        self.transmit(step, Payload::Packet(buffer));
        self.refresh_after_sending(step);
        Ok(())
    }

    /// Data wants an answer, a keepalive at least, within 10 s, and 5 s more for the way.
    fn sent_data(&mut self, step: &mut Step<'_>) {
        if !self.timers.is_set(Timer::NewHandshake) {
            let at = step.now.monotonic + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT + step.jitter();
            self.timers.set(Timer::NewHandshake, at);
        }
    }

    /// Whitepaper 6.2, after sending: too many messages under a session, or too old; by age only the
    /// initiator asks, so that not both do.
    fn refresh_after_sending(&mut self, step: &mut Step<'_>) {
        let Some(session) = self.sessions.current() else { return };
        let age = step.now.monotonic.saturating_duration_since(session.born());
        let is_old = session.role() == Role::Initiator && age >= REKEY_AFTER_TIME;
        if is_old || session.sent() >= REKEY_AFTER_MESSAGES {
            self.initiate(step);
        }
    }

    /// Whitepaper 6.2, after receiving: the initiator asks while there is just time for a passive
    /// keepalive and an attempt, once a session.
    fn refresh_after_receiving(&mut self, step: &mut Step<'_>) {
        let Some(session) = self.sessions.current() else { return };
        let age = step.now.monotonic.saturating_duration_since(session.born());
        let last_minute = REJECT_AFTER_TIME.saturating_sub(KEEPALIVE_TIMEOUT + REKEY_TIMEOUT);
        if session.role() == Role::Initiator && age >= last_minute && !self.last_minute {
            self.last_minute = true;
            self.initiate(step);
        }
    }
}
