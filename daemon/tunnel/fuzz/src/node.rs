//! One device, and what is known of it from outside.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use wgtrace_tunnel::{Device, DeviceSettings, Event, HandshakeLimits, PeerId};
use wgtrace_wire::wireguard::SessionIndex;

use super::book::Shown;
use super::cast::{outer, private};
use super::routes::Routes;

pub struct Node {
    pub device: Device,
    pub addr: SocketAddr,
    /// What its wall clock is ahead, in nanoseconds.
    pub ahead: i64,
    pub routes: Routes,
    /// Peers that were removed.
    pub gone: Vec<PeerId>,
    shown: Arc<Shown>,
    sessions: BTreeSet<(PeerId, SessionIndex)>,
}

impl Node {
    pub fn new(start: Instant, n: usize, limits: HandshakeLimits) -> Self {
        let shown = Arc::new(Shown::default());
        let settings = DeviceSettings {
            limits,
            key_log: Arc::clone(&shown) as Arc<_>,
            ..DeviceSettings::new(private(n))
        };
        let device = Device::new(start, settings).expect("a good key");
        let (routes, gone, sessions) = (Routes::default(), Vec::new(), BTreeSet::new());
        Self { device, addr: outer(n), ahead: 0, routes, gone, shown, sessions }
    }

    /// The keys that the device showed.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Events tell of every session, and memory is bounded.
    pub fn follow(&mut self) {
        while let Some(event) = self.device.poll_event() {
            match event {
                Event::SessionBegan { peer, local, .. } => assert!(self.sessions.insert((peer, local))),
                Event::SessionEnded { peer, local } => assert!(self.sessions.remove(&(peer, local))),
                Event::HandshakeCompleted { peer, local } => assert!(self.sessions.contains(&(peer, local))),
                Event::KeysWiped { peer } => assert!(self.sessions.iter().all(|(of, _)| *of != peer)),
                Event::HandshakeGivenUp { .. } | Event::Roamed { .. } => {}
            }
        }
        let (mut peers, mut up) = (0, BTreeSet::new());
        for peer in self.device.peers() {
            let sessions = self.device.sessions(peer).expect("a peer of its own list");
            assert!(sessions.len() <= 3);
            up.extend(sessions.iter().map(|session| (session.peer(), session.local())));
            peers += 1;
        }
        assert_eq!(up, self.sessions, "events tell otherwise");
        let (indices, sources) = self.device.footprint();
        assert!((up.len()..=up.len() + peers).contains(&indices) && sources <= 64);
    }
}
