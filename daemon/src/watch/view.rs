//! What was seen: events to packets, packets to flows, ciphertext to what is inside of it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Instant;

use wgtrace_abi::Hook;
use wgtrace_api::filter::Peer as PeerName;
use wgtrace_api::show::{Names as _, encryption, identity, message};
use wgtrace_api::v1::EncryptionState;
use wgtrace_flow::{FlowTable, Ledger, Limits, Packet, WireGuard, decode, sealed};
use wgtrace_tunnel::Session;
use wgtrace_wire::wireguard::SessionIndex;

use super::clock::Clocks;
use super::order::Subscriber;
use super::sessions::{Sessions, Way};
use super::show;
use super::sight::{Sight, addresses, is_tapped};
use super::surroundings::{Peer, Surroundings};
use super::tallies::Tallies;

/// What is known of what was seen.
pub(super) struct View {
    /// Inode of the node's network namespace.
    pub(super) netns: u32,
    pub(super) ledger: Ledger,
    pub(super) flows: FlowTable,
    pub(super) clocks: Clocks,
    pub(super) around: Arc<Surroundings>,
    pub(super) sessions: Sessions,
    pub(super) tallies: Tallies,
}

impl View {
    pub(super) fn new() -> Self {
        // who sends the packets must not choose which flows collide
        let seed = RandomState::new().hash_one(0_u8);
        let limits = Limits { flows: MOST_FLOWS, ..Limits::default() };
        Self {
            netns: 0,
            ledger: Ledger::new(),
            flows: FlowTable::new(limits, seed),
            clocks: Clocks::new(),
            around: Arc::default(),
            sessions: Sessions::new(Instant::now()),
            tallies: Tallies::default(),
        }
    }

    /// Uses other names.
    pub(super) fn look_around(&mut self, around: Arc<Surroundings>) {
        self.sessions.follow(&around.path, Instant::now());
        self.around = around;
    }

    /// Takes in a record of the ring of `cpu`, and offers its packet to those who want it.
    pub(super) fn take(&mut self, cpu: u32, record: &[u8], subscribers: &mut BTreeMap<u64, Subscriber>) {
        match decode(record) {
            Ok(packet) => {
                self.ledger.deliver(cpu, &packet.event);
                self.see(cpu, &packet, subscribers);
            }
            Err(error) => {
                tracing::debug!(cpu, %error, "record that is no packet event");
                self.ledger.undecodable(cpu, record);
            }
        }
    }

    fn see(&mut self, cpu: u32, packet: &Packet<'_>, subscribers: &mut BTreeMap<u64, Subscriber>) {
        let mut room = [0; sealed::MOST];
        let (session, inner) = self.look_inside(packet, &mut room);
        let encryption = self.encryption(packet);
        if let Some(reason) = packet.event.drop_reason() {
            self.tallies.add_drop(packet, reason, &self.around);
        }
        if subscribers.values().any(|subscriber| matches!(subscriber, Subscriber::Flows(_))) {
            match encryption {
                EncryptionState::Leak => self.flows.update_leaked(packet),
                EncryptionState::None | EncryptionState::Encrypted | EncryptionState::Clear => {
                    self.flows.update(packet)
                }
            };
            if let Some(inner) = inner.as_ref().filter(|_| is_tapped(packet)) {
                self.flows.update_sealed(inner, packet);
            }
        }
        let sight = Sight {
            packet,
            inner: inner.as_ref(),
            session: session.as_deref(),
            cpu,
            identity: identity(packet, inner.as_ref()),
            encryption,
            peer: self.peer(packet, session.as_deref()),
            around: &self.around,
            wall: self.clocks.offset(),
        };
        for subscriber in subscribers.values_mut() {
            if let Subscriber::Packets(queue) = subscriber
                && queue.looks_at(packet.hook)
                && queue.wants.filter.matches(&sight)
            {
                queue.offer(|wants| show::packet(&sight, wants));
            }
        }
    }

    /// What is inside of ciphertext of one of the node's own sessions, and that session.
    fn look_inside<'r>(
        &mut self,
        packet: &Packet<'_>,
        room: &'r mut [u8; sealed::MOST],
    ) -> (Option<Arc<Session>>, Option<Packet<'r>>) {
        let Some(way) = Way::of(packet.hook) else { return (None, None) };
        let Some(receiver) = message(packet).and_then(receiver) else { return (None, None) };
        let sessions = self.sessions.of(way, receiver, Instant::now);
        // borrows of `room` cannot leave the search
        let fits = |session: &&Arc<Session>| sealed::look(packet, way.key(session), room).is_some();
        match sessions.iter().find(fits) {
            Some(session) => {
                let inner = sealed::look(packet, way.key(session), room);
                (Some(Arc::clone(session)), inner)
            }
            None => (sessions.first().map(Arc::clone), None),
        }
    }

    /// How a packet entered or left the node, if this is where that is seen.
    fn encryption(&self, packet: &Packet<'_>) -> EncryptionState {
        let is_leak = matches!(packet.hook, Hook::TapIn | Hook::TapOut) && self.around.guard.is_leak(packet);
        if is_leak { EncryptionState::Leak } else { encryption(packet) }
    }

    /// The other end of a WireGuard message: by its session, else by where it comes from or goes to.
    fn peer(&self, packet: &Packet<'_>, session: Option<&Session>) -> Option<PeerName<'_>> {
        message(packet)?;
        let by_key = session.and_then(|session| self.around.peer(&session.keys().peer)).map(Peer::name);
        by_key.or_else(|| {
            let (source, destination) = addresses(packet)?;
            self.around.peer_at(destination).or_else(|| self.around.peer_at(source))
        })
    }
}

fn receiver(message: WireGuard) -> Option<SessionIndex> {
    match message {
        WireGuard::TransportData { receiver, .. } => Some(receiver),
        WireGuard::Initiation { .. } | WireGuard::Response { .. } | WireGuard::CookieReply { .. } => None,
    }
}

/// Flows of a node's table: about 30 MiB where each is seen at three hooks.
pub(super) const MOST_FLOWS: u32 = 1 << 17;
