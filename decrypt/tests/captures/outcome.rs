//! What the library makes of a capture, driven as a program would, on one thread.

use std::fs::{self, File};
use std::path::Path;

use serde_json::{Value, json};
use wgtrace_decrypt::capture::Error;
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::{
    Batch, DirectionReport, Encoder, Failure, Front, Ledger, Nest, Outcome as Came, Report,
};
use wgtrace_decrypt::secrets::Secrets;
use wgtrace_decrypt::session::{Origin, SessionId};
use wgtrace_decrypt::sessions::{Reason, Sessions};

pub(crate) struct Outcome {
    pub(crate) output: Vec<u8>,
    pub(crate) outer: Level,
    /// Inside one tunnel, if there is anything.
    pub(crate) inside: Option<Level>,
    pub(crate) counts: Value,
    pub(crate) cookies: Value,
    pub(crate) complaints: Vec<String>,
    pub(crate) transport_lines: String,
}

/// What came of the messages inside equally many tunnels.
pub(crate) struct Level {
    pub(crate) events: Vec<Value>,
    pub(crate) failures: Vec<Value>,
    pub(crate) directions: Vec<Value>,
    pub(crate) sessions: Vec<Value>,
    pub(crate) handshake_failures: Vec<Value>,
    /// Initiations and responses.
    pub(crate) handshakes: Value,
}

impl Level {
    fn of(table: &Sessions, ledger: &Ledger, came: &[Came]) -> Self {
        let counts = table.counts();
        Self {
            events: came.iter().map(|outcome| event(table, outcome)).collect(),
            failures: failures(table, ledger),
            directions: directions(table, ledger),
            sessions: sessions(table, ledger),
            handshake_failures: handshake_failures(table),
            handshakes: json!({ "initiations": counts.initiations, "responses": counts.responses }),
        }
    }
}

impl Outcome {
    pub(crate) fn of(folder: &Path, capture: &str, keys: &[String], encoder: &Encoder) -> Self {
        let mut secrets = Secrets::new();
        let mut complaints = Vec::new();
        for name in keys {
            let text = fs::read(folder.join(name)).unwrap();
            complaints.extend(secrets.add(&text, name).iter().map(ToString::to_string));
        }
        let path = folder.join(capture);
        let source = File::open(&path).unwrap();
        let reopen = Box::new(move || Ok(File::open(&path).unwrap()));
        let mut front = Front::new(source, reopen, secrets).unwrap();
        let mut output = encoder.header(None).unwrap();
        let (mut batch, mut nest, mut report) = (Batch::new(), Nest::new(), Report::new());
        let mut came = [Vec::new(), Vec::new()];
        while front.next(&mut batch).unwrap() {
            batch.open::<Error>(encoder, &mut |receiver| front.late_slots(receiver)).unwrap();
            let secrets = || {
                front.gather()?;
                Ok::<_, Error>(front.sessions().secrets().clone())
            };
            nest.descend(&mut batch, encoder, secrets).unwrap();
            report.absorb(&batch);
            output.extend_from_slice(batch.output());
            for (depth, came) in came.iter_mut().enumerate() {
                came.extend(batch.events_at(depth).iter().map(|event| event.outcome.clone()));
            }
            assert!(batch.events_at(2).is_empty());
        }
        complaints.extend(front.take_complaints().iter().map(ToString::to_string));
        assert_eq!(report.totals().opened.malformed, 0, "{}", folder.display());
        Self {
            output,
            outer: Level::of(front.sessions(), report.at(0).unwrap(), &came[0]),
            inside: nest.tables().next().map(|table| Level::of(table, report.at(1).unwrap(), &came[1])),
            counts: counts(&front),
            cookies: cookies(&front),
            complaints,
            transport_lines: front.sessions().transport_lines().to_string(),
        }
    }
}

fn event(table: &Sessions, outcome: &Came) -> Value {
    match outcome {
        Came::Opened { session, sender, counter, inner, .. } => {
            let session = table.session(*session).unwrap();
            let receiver = session.side(sender.other()).index.unwrap();
            json!({ "receiver": receiver.to_string(), "counter": counter.0, "inner_len": inner })
        }
        Came::Failed { receiver, failure, .. } => {
            json!({ "receiver": receiver.to_string(), "failed": kind(*failure) })
        }
    }
}

fn failures(table: &Sessions, ledger: &Ledger) -> Vec<Value> {
    let groups = ledger.failures().into_iter();
    groups
        .map(|group| {
            let reason = match group.failure {
                Failure::NoKey => table.explain(group.receiver),
                Failure::NotAuthentic => Reason::NotAuthentic(group.receiver),
                Failure::Truncated { have, need } => Reason::Truncated { have, need },
            };
            json!({
                "kind": kind(group.failure),
                "receiver": group.receiver.to_string(),
                "reason": reason.to_string(),
                "first_frame": group.first.frame,
                "messages": group.messages,
            })
        })
        .collect()
}

fn kind(failure: Failure) -> &'static str {
    match failure {
        Failure::NoKey => "no-key",
        Failure::NotAuthentic => "not-authentic",
        Failure::Truncated { .. } => "truncated",
    }
}

fn directions(table: &Sessions, ledger: &Ledger) -> Vec<Value> {
    let mut directions = Vec::new();
    for (id, session) in (0..).map(SessionId).zip(table.all()) {
        for sender in [Role::Initiator, Role::Responder] {
            if let Some(sent) = ledger.of(id, sender).filter(|sent| sent.span.is_some()) {
                let receiver = session.side(sender.other()).index.unwrap();
                directions.push(direction(&receiver.to_string(), sent));
            }
        }
    }
    directions
}

fn direction(receiver: &str, sent: &DirectionReport) -> Value {
    assert_eq!(sent.counters.late(), 0);
    let mut value = json!({
        "receiver": receiver,
        "packets": sent.tally.packets,
        "bytes": sent.tally.bytes,
        "keepalives": sent.tally.keepalives,
        "lost": sent.counters.lost(),
        "reordered": sent.counters.reordered(),
        "duplicated": sent.counters.duplicated(),
        "address_changes": sent.roamed,
        "endpoint": sent.endpoint.map(|endpoint| endpoint.to_string()),
    });
    value.as_object_mut().unwrap().retain(|_, value| *value != json!(0));
    value
}

/// Not those that were given for a deeper tunnel: a key does not tell where it belongs.
fn sessions(table: &Sessions, ledger: &Ledger) -> Vec<Value> {
    let is_used = |id| {
        [Role::Initiator, Role::Responder]
            .into_iter()
            .any(|sender| ledger.of(id, sender).is_some_and(|sent| sent.span.is_some()))
    };
    let sessions = (0..).map(SessionId).zip(table.all());
    sessions
        .filter_map(|(id, session)| match &session.origin {
            Origin::Handshake { initiation, response, .. } => Some(json!([initiation.frame, response.frame])),
            Origin::TransportKeys { .. } => is_used(id).then_some(Value::Null),
        })
        .collect()
}

fn handshake_failures(table: &Sessions) -> Vec<Value> {
    let failed = table.failed_handshakes();
    failed.map(|(at, fault)| json!({ "frame": at.frame, "reason": fault.to_string() })).collect()
}

fn counts(front: &Front<File>) -> Value {
    let (seen, handshakes) = (front.counts(), front.sessions().counts());
    json!({
        "frames": seen.frames,
        "datagrams": seen.datagrams,
        "not_wireguard": seen.not_wireguard,
        "transport": seen.transport,
        "initiations": handshakes.initiations,
        "responses": handshakes.responses,
        "handshake_duplicates": handshakes.duplicates,
        "cookie_replies": handshakes.cookie_replies,
    })
}

fn cookies(front: &Front<File>) -> Value {
    let counts = front.sessions().counts();
    json!([counts.cookies_opened, counts.mac2_verified])
}
