//! One peer: its handshake, its sessions and its timers (whitepaper 6).

mod data;
mod handshake;
mod sessions;
mod suspicion;
mod timers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wgtrace_decrypt::key::{PresharedKey, PublicKey};
use wgtrace_decrypt::noise::Tai64n;

use crate::cookies::CookieJar;
use crate::drops::DropCause;
use crate::hub::{Event, Payload, Step, Transmit};
use crate::path::Lane;
use crate::session::{PeerId, Session};
use crate::staged::Staged;
use crate::time::{KEEPALIVE_TIMEOUT, REKEY_ATTEMPT_TIME, WIPE_AFTER_TIME};
use handshake::Handshake;
use sessions::Sessions;
use suspicion::Suspicion;
use timers::{Timer, Timers};

pub use data::{Received, Sent};

pub(crate) struct Peer {
    id: PeerId,
    remote: PublicKey,
    psk: PresharedKey,
    lane: Arc<Lane>,
    handshake: Handshake,
    sessions: Sessions,
    timers: Timers,
    staged: Staged,
    /// While it is said to be gone.
    suspicion: Option<Suspicion>,
    jar: CookieJar,
    persistent: Option<Duration>,
    /// Since when initiations have been repeated for the same want.
    trying_since: Option<Instant>,
    /// When a handshake message was last sent.
    spoke: Option<Instant>,
    /// When an initiation was last accepted.
    accepted: Option<Instant>,
    /// The greatest timestamp accepted; outlives sessions (whitepaper 5.1).
    greatest: Option<Tai64n>,
    /// The last timestamp sent, in nanoseconds since 1970.
    stamped: Option<i64>,
    /// A keepalive that falls due has to be followed by another.
    another_keepalive: bool,
    /// The current session's rekey on receipt was tried already.
    last_minute: bool,
    tally: Tally,
}

/// What has been exchanged with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Bytes of authentic WireGuard messages received.
    pub rx_bytes: u64,
    /// Bytes of WireGuard messages sent.
    pub tx_bytes: u64,
    /// When a handshake was last completed, in nanoseconds since 1970.
    pub last_handshake: Option<i64>,
    /// Initiations sent.
    pub initiations: u64,
    /// Responses sent.
    pub responses: u64,
    /// Handshakes completed.
    pub handshakes: u64,
    /// Keepalives sent.
    pub keepalives: u64,
}

impl Peer {
    pub(crate) fn new(
        id: PeerId,
        remote: PublicKey,
        psk: PresharedKey,
        endpoint: Option<SocketAddr>,
    ) -> Self {
        Self {
            id,
            remote,
            psk,
            lane: Arc::new(Lane::new(id, endpoint)),
            handshake: Handshake::Idle,
            sessions: Sessions::default(),
            timers: Timers::default(),
            staged: Staged::default(),
            suspicion: None,
            jar: CookieJar::new(&remote),
            persistent: None,
            trying_since: None,
            spoke: None,
            accepted: None,
            greatest: None,
            stamped: None,
            another_keepalive: false,
            last_minute: false,
            tally: Tally::default(),
        }
    }

    pub(crate) fn id(&self) -> PeerId {
        self.id
    }

    pub(crate) fn remote(&self) -> &PublicKey {
        &self.remote
    }

    pub(crate) fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn persistent(&self) -> Option<Duration> {
        self.persistent
    }

    pub(crate) fn has_psk(&self) -> bool {
        !self.psk.is_zero()
    }

    pub(crate) fn staged(&self) -> usize {
        self.staged.len()
    }

    pub(crate) fn current(&self) -> Option<&Arc<Session>> {
        self.sessions.current()
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.iter()
    }

    /// Takes effect with the next handshake.
    pub(crate) fn set_psk(&mut self, psk: PresharedKey) {
        self.psk = psk;
    }

    /// The first keepalive goes out at once.
    pub(crate) fn set_persistent(&mut self, now: Instant, interval: Option<Duration>) {
        self.persistent = interval;
        match interval {
            Some(_) => self.timers.set(Timer::PersistentKeepalive, now),
            None => self.timers.stop(Timer::PersistentKeepalive),
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(crate) fn handle_timeout(&mut self, step: &mut Step<'_>) {
        while let Some(timer) = self.timers.expire(step.now.monotonic) {
            match timer {
                Timer::Retransmit => self.retransmit(step),
                Timer::PassiveKeepalive => {
                    self.keepalive(step);
                    if std::mem::take(&mut self.another_keepalive) {
                        self.timers.set(Timer::PassiveKeepalive, step.now.monotonic + KEEPALIVE_TIMEOUT);
                    }
                }
                Timer::NewHandshake => self.initiate(step),
                Timer::Wipe => {
                    let asking = self.timers.is_set(Timer::Retransmit);
                    self.wipe(step);
                    step.hub.tell(Event::KeysWiped { peer: self.id });
                    // What a session is wanted for still waits: under a new initiation.
                    if asking {
                        self.initiate_again(step);
                    }
                }
                Timer::PersistentKeepalive => {
                    self.traversed(step);
                    self.keepalive(step);
                }
            }
        }
    }

    /// Forgets every session and handshake; timestamps are kept against replays.
    pub(crate) fn wipe(&mut self, step: &mut Step<'_>) {
        self.lane.set_session(None);
        step.retire(self.sessions.clear());
        self.abandon(step);
        self.give_up_copies();
        for timer in [Timer::Retransmit, Timer::PassiveKeepalive, Timer::NewHandshake, Timer::Wipe] {
            self.timers.stop(timer);
        }
        (self.another_keepalive, self.last_minute) = (false, false);
    }

    /// For a peer or a key that goes.
    pub(crate) fn close(&mut self, step: &mut Step<'_>) {
        self.wipe(step);
        self.jar.clear();
        self.spoke = None;
        self.lane.drops().add(DropCause::NoHandshake, self.staged.clear());
    }

    /// An unanswered initiation: asks again, or gives up after 90 s (whitepaper 6.4).
    fn retransmit(&mut self, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        let since = *self.trying_since.get_or_insert(now);
        if now.saturating_duration_since(since) < REKEY_ATTEMPT_TIME {
            return self.initiate_again(step);
        }
        self.abandon(step);
        self.trying_since = None;
        self.timers.stop(Timer::PassiveKeepalive);
        self.another_keepalive = false;
        self.timers.set_if_idle(Timer::Wipe, now + WIPE_AFTER_TIME);
        self.give_up_copies();
        self.lane.drops().add(DropCause::NoHandshake, self.staged.clear());
        step.hub.tell(Event::HandshakeGivenUp { peer: self.id });
    }

    /// Sends to the peer's endpoint, if there is one.
    fn transmit(&mut self, step: &mut Step<'_>, payload: Payload) {
        let Some(destination) = self.lane.endpoint() else {
            return self.lane.drops().add(DropCause::NoEndpoint, 1);
        };
        let bytes = payload.as_ref().len() as u64;
        self.tally.tx_bytes = self.tally.tx_bytes.saturating_add(bytes);
        step.hub.send(Transmit { peer: Some(self.id), destination, payload });
    }

    /// The endpoint follows whoever proves to be the peer (whitepaper 2.1).
    fn heard_from(&mut self, step: &mut Step<'_>, source: SocketAddr) {
        let from = self.lane.endpoint();
        if from != Some(source) {
            self.lane.set_endpoint(source);
            step.hub.tell(Event::Roamed { peer: self.id, from, to: source });
        }
    }

    /// Any authenticated message, either way.
    fn traversed(&mut self, step: &Step<'_>) {
        if let Some(interval) = self.persistent {
            self.timers.set(Timer::PersistentKeepalive, step.now.monotonic + interval);
        }
    }
}
