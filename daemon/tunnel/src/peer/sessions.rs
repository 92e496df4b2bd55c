use std::sync::Arc;

use wgtrace_wire::wireguard::SessionIndex;

use crate::session::Session;

/// A peer's sessions: the one sent under, the one before, and one that the peer has not confirmed.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    previous: Option<Arc<Session>>,
    current: Option<Arc<Session>>,
    next: Option<Arc<Session>>,
}

/// Sessions that have no place any more.
pub(crate) type Retired = [Option<Arc<Session>>; 2];

impl Sessions {
    pub(crate) fn current(&self) -> Option<&Arc<Session>> {
        self.current.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Session>> {
        [&self.previous, &self.current, &self.next].into_iter().flatten()
    }

    pub(crate) fn knows(&self, index: SessionIndex) -> bool {
        self.iter().any(|session| session.local() == index)
    }

    /// A session that this end asked for: the response proved that the peer has it.
    ///
    /// An unconfirmed one steps back rather than away: the peer may be sending under it.
    // linux: drivers/net/wireguard/noise.c, add_new_keypair
    pub(crate) fn initiated(&mut self, session: Arc<Session>) -> Retired {
        let old = self.current.replace(session);
        let (kept, second) = match self.next.take() {
            Some(next) => (Some(next), old),
            None => (old, None),
        };
        [std::mem::replace(&mut self.previous, kept), second]
    }

    /// A session that the peer asked for; nothing is sent under it before it is confirmed.
    pub(crate) fn responded(&mut self, session: Arc<Session>) -> Retired {
        [self.next.replace(session), self.previous.take()]
    }

    /// The peer has used `index`: when it was unconfirmed it becomes the current one.
    pub(crate) fn confirm(&mut self, index: SessionIndex) -> Option<Retired> {
        let next = self.next.take_if(|next| next.local() == index)?;
        let old = self.current.replace(next);
        Some([std::mem::replace(&mut self.previous, old), None])
    }

    pub(crate) fn clear(&mut self) -> [Option<Arc<Session>>; 3] {
        [self.previous.take(), self.current.take(), self.next.take()]
    }
}
