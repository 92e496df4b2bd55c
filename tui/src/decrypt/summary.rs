//! What came of it, for people and for programs, from one set of facts.

mod json;
mod text;

use std::collections::HashMap;

use wgtrace_decrypt::capture::Timestamp;
use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::pipeline::{Failure, FailureGroup, Front, Report};
use wgtrace_decrypt::session::{Session, SessionId};
use wgtrace_decrypt::sessions::{Reason, Sessions};

use crate::io::Reading;

/// Everything there is to say after the job.
pub(crate) struct Summary<'a> {
    front: &'a Front<Reading>,
    report: &'a Report,
    /// Each session with the number of earlier ones between the same two peers.
    sessions: Vec<(SessionId, &'a Session, usize)>,
    failures: Vec<(FailureGroup, Reason)>,
    /// What had to be left out or mended, in words.
    warnings: Vec<String>,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(front: &'a Front<Reading>, report: &'a Report) -> Self {
        let table = front.sessions();
        let failures = report.failures().into_iter().map(|group| (group, reason(table, &group))).collect();
        Self { front, report, sessions: numbered(table), failures, warnings: warnings(front, report) }
    }
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

fn warnings(front: &Front<Reading>, report: &Report) -> Vec<String> {
    let mut warnings = front.reader().notes().warnings();
    warnings.extend(front.dissector().counts().warnings());
    let table = front.sessions().counts();
    let totals = report.totals();
    let mut note = |count: u64, text: &str| {
        if count > 0 {
            warnings.push(format!("{count} {text}"));
        }
    };
    note(front.counts().handshakes_truncated, "handshake messages were cut by the capture");
    note(table.handshakes_evicted, "handshake messages were forgotten to bound memory");
    note(table.sessions_refused, "sessions were not kept to bound memory");
    note(table.openers_refused, "keys were not kept: too many under one receiver index");
    note(table.keys_refused, "keys of the capture's own secrets were not kept to bound memory");
    note(totals.opened.malformed, "decrypted packets are no IP packets of their own length; kept whole");
    note(totals.failed_ungrouped, "messages failed under receiver indices beyond those listed");
    warnings
}

/// `2018-07-20T21:05:43.123456789Z`
fn time(at: Timestamp) -> String {
    let nanos = u64::try_from(at.0).unwrap_or(0);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(nanos);
    humantime::format_rfc3339_nanos(time).to_string()
}
