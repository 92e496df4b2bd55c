//! The node's own sessions, by the indices that their messages bear.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use wgtrace_abi::Hook;
use wgtrace_decrypt::key::TransportKey;
use wgtrace_tunnel::{DataPath, Session};
use wgtrace_wire::wireguard::SessionIndex;

/// Sessions of one device.
///
/// They are not held: keys are wiped when the device ends a session, whoever watches.
#[derive(Debug)]
pub(super) struct Sessions {
    path: Weak<DataPath>,
    received: HashMap<SessionIndex, Weak<Session>>,
    /// The peer chooses these: two peers may have chosen the same.
    sent: HashMap<SessionIndex, Vec<Weak<Session>>>,
    read: Instant,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To this node.
    In,
    /// From this node.
    Out,
}

impl Way {
    /// Of messages at a hook of a native device.
    pub(super) fn of(hook: Hook) -> Option<Self> {
        match hook {
            Hook::TapIn | Hook::FromNetdev => Some(Self::In),
            Hook::TapOut | Hook::ToNetdev => Some(Self::Out),
            Hook::FromContainer
            | Hook::ToContainer
            | Hook::FromHost
            | Hook::ToHost
            | Hook::FromWireguard
            | Hook::ToWireguard => None,
        }
    }

    /// The key of messages that go this way.
    pub(super) fn key(self, session: &Session) -> &TransportKey {
        match self {
            Self::In => &session.keys().receive,
            Self::Out => &session.keys().send,
        }
    }
}

impl Sessions {
    pub(super) fn new(now: Instant) -> Self {
        let (received, sent) = (HashMap::new(), HashMap::new());
        Self { path: Weak::new(), received, sent, read: now }
    }

    /// Those of this device from now on.
    pub(super) fn follow(&mut self, path: &Weak<DataPath>, now: Instant) {
        if !self.path.ptr_eq(path) {
            self.path = Weak::clone(path);
        }
        self.read(now);
    }

    /// Sessions that a message with this receiver index may be of; the clock is asked when none is known.
    pub(super) fn of(
        &mut self,
        way: Way,
        receiver: SessionIndex,
        clock: impl FnOnce() -> Instant,
    ) -> Vec<Arc<Session>> {
        let found = self.find(way, receiver);
        if !found.is_empty() {
            return found;
        }
        // messages of others come as well, and must not cost more than one look in a while
        let now = clock();
        if now.saturating_duration_since(self.read) < PATIENCE {
            return found;
        }
        self.read(now);
        self.find(way, receiver)
    }

    fn find(&self, way: Way, receiver: SessionIndex) -> Vec<Arc<Session>> {
        match way {
            Way::In => self.received.get(&receiver).and_then(Weak::upgrade).into_iter().collect(),
            Way::Out => {
                let sent = self.sent.get(&receiver).into_iter().flatten();
                sent.filter_map(Weak::upgrade).collect()
            }
        }
    }

    fn read(&mut self, now: Instant) {
        self.read = now;
        self.received.clear();
        self.sent.clear();
        for session in self.path.upgrade().iter().flat_map(|path| path.sessions()) {
            self.received.insert(session.local(), Arc::downgrade(&session));
            self.sent.entry(session.remote()).or_default().push(Arc::downgrade(&session));
        }
    }
}

/// Time between two looks for sessions that are not known.
const PATIENCE: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests;
