//! What came of the messages inside equally many tunnels.

use std::collections::HashMap;

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::{Failure, FailureGroup, Ledger};
use wgtrace_decrypt::session::{Origin, Session, SessionId};
use wgtrace_decrypt::sessions::{Reason, Sessions};

/// The sessions inside `tunnels` others, 0 for those that the capture shows directly.
pub(super) struct Depth<'a> {
    pub(super) tunnels: usize,
    pub(super) table: &'a Sessions,
    pub(super) ledger: &'a Ledger,
    /// Each session with the number of earlier ones between the same two peers.
    pub(super) sessions: Vec<(SessionId, &'a Session, usize)>,
    pub(super) failures: Vec<(FailureGroup, Reason)>,
}

impl<'a> Depth<'a> {
    pub(super) fn new(tunnels: usize, table: &'a Sessions, ledger: &'a Ledger) -> Self {
        let failures = ledger.failures().into_iter().map(|group| (group, reason(table, &group))).collect();
        let mut sessions = numbered(table);
        // A transport key does not tell how deep its session is: every table has it.
        if tunnels > 0 {
            sessions.retain(|(id, session, _)| {
                matches!(session.origin, Origin::Handshake { .. }) || is_used(ledger, *id)
            });
        }
        Self { tunnels, table, ledger, sessions, failures }
    }
}

fn is_used(ledger: &Ledger, id: SessionId) -> bool {
    let sent = |role| ledger.of(id, role).is_some_and(|sent| sent.span.is_some());
    sent(Role::Initiator) || sent(Role::Responder)
}

fn reason(table: &Sessions, group: &FailureGroup) -> Reason {
    match group.failure {
        Failure::NoKey => table.explain(group.receiver),
        Failure::NotAuthentic => Reason::NotAuthentic(group.receiver),
        Failure::Truncated { have, need } => Reason::Truncated { have, need },
    }
}

/// A rekey is a session after another between the same two peers, whoever began it.
fn numbered(table: &Sessions) -> Vec<(SessionId, &Session, usize)> {
    let mut earlier: HashMap<[PublicKey; 2], usize> = HashMap::new();
    let ids = (0..).map(SessionId);
    ids.zip(table.all())
        .map(|(id, session)| {
            let rekeys = match (session.initiator.public, session.responder.public) {
                (Some(one), Some(other)) => {
                    let count = earlier.entry([one.min(other), one.max(other)]).or_default();
                    let before = *count;
                    *count += 1;
                    before
                }
                _ => 0,
            };
            (id, session, rekeys)
        })
        .collect()
}
