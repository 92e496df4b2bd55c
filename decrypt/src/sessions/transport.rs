//! Sessions given as transport keys, without a handshake.

use super::Sessions;
use crate::keylog::TransportLine;
use crate::keypair::{Direction, Role};
use crate::secrets::Secrets;
use crate::session::{Opener, Origin, Session, Side};

impl Sessions {
    /// Makes a session of every exported key, or of two that are the halves of one.
    pub(super) fn add_transport_keys(&mut self, secrets: &Secrets) {
        let mut lines = secrets.transport().iter().peekable();
        while let Some(line) = lines.next() {
            let other = lines.next_if(|next| are_halves(line, next));
            let pair: Vec<&TransportLine> = std::iter::once(line).chain(other).collect();
            let id = self.next_id();
            let openers: Vec<Opener> = pair
                .iter()
                .map(|line| Opener {
                    key: line.key.clone(),
                    receiver: line.receiver,
                    session: id,
                    sender: sender(line),
                })
                .collect();
            self.establish(session(&pair), openers);
        }
    }
}

/// A writer of both directions puts them one after the other, with the same time and peer.
fn are_halves(one: &TransportLine, other: &TransportLine) -> bool {
    one.time.is_some()
        && one.time == other.time
        && one.peer == other.peer
        && matches!(
            (one.direction, other.direction),
            (Some(Direction::Send), Some(Direction::Receive))
                | (Some(Direction::Receive), Some(Direction::Send))
        )
}

/// The exporting side stands in the initiator's place; who really began is not known.
fn sender(line: &TransportLine) -> Role {
    match line.direction {
        Some(Direction::Send) | None => Role::Initiator,
        Some(Direction::Receive) => Role::Responder,
    }
}

fn session(pair: &[&TransportLine]) -> Session {
    let mut initiator = Side::default();
    let mut responder = Side::default();
    for line in pair {
        responder.public = responder.public.or(line.peer);
        match sender(line) {
            Role::Initiator => responder.index = Some(line.receiver),
            Role::Responder => initiator.index = Some(line.receiver),
        }
    }
    let told = pair.iter().any(|line| line.direction.is_some());
    Session {
        origin: Origin::TransportKeys { time: pair.iter().find_map(|line| line.time) },
        initiator,
        responder,
        local: told.then_some(Role::Initiator),
    }
}
