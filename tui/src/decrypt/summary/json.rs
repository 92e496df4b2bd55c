//! The summary for programs: one object a line, told apart by `type`.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use wgtrace_decrypt::keypair::Role;
use wgtrace_decrypt::pipeline::{DirectionReport, Failure};
use wgtrace_decrypt::session::{Moment, Origin, Session, SessionId, Side};

use super::depth::Depth;
use super::{Summary, time};

impl Summary<'_> {
    /// Writes every line.
    pub(crate) fn json(&self, out: &mut dyn Write) -> Result<()> {
        let sessions = self.depths.iter().flat_map(|at| {
            at.sessions.iter().map(|(id, session, rekeys)| session_json(at, *id, session, *rekeys))
        });
        let failures = self.depths.iter().flat_map(|at| {
            at.failures.iter().map(|(group, reason)| {
                json!({
                    "type": "failure",
                    "depth": at.tunnels,
                    "kind": kind(group.failure),
                    "receiver_index": group.receiver.to_string(),
                    "messages": group.messages,
                    "first": moment(group.first),
                    "reason": reason.to_string(),
                })
            })
        });
        let handshakes = self.depths.iter().flat_map(|at| {
            at.table.failed_handshakes().map(|(first, fault)| {
                json!({
                    "type": "handshake-failure",
                    "depth": at.tunnels,
                    "at": moment(first),
                    "reason": fault.to_string(),
                })
            })
        });
        let warnings = self.warnings.iter().map(|text| json!({ "type": "warning", "text": text }));
        for line in sessions.chain(failures).chain(handshakes).chain(warnings) {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}", self.total_json())?;
        Ok(out.flush()?)
    }

    fn total_json(&self) -> Value {
        let seen = self.front.counts();
        let handshakes = self.front.sessions().counts();
        let totals = self.report.totals();
        json!({
            "type": "total",
            "frames": seen.frames,
            "datagrams": seen.datagrams,
            "not_wireguard": seen.not_wireguard,
            "transport_datagrams": seen.transport,
            "initiations": handshakes.initiations,
            "responses": handshakes.responses,
            "handshake_duplicates": handshakes.duplicates,
            "cookie_replies": handshakes.cookie_replies,
            "cookies_opened": handshakes.cookies_opened,
            "mac2_verified": handshakes.mac2_verified,
            "sessions": self.depths.first().map_or(0, |outer| outer.sessions.len()),
            "packets": totals.opened.packets,
            "bytes": totals.opened.bytes,
            "keepalives": totals.opened.keepalives,
            "malformed": totals.opened.malformed,
            "not_decrypted": totals.failed,
            "nested_sessions": self.sum_inside(|at| at.sessions.len() as u64),
            "nested_packets": self.sum_inside(|at| at.ledger.totals().opened.packets),
            "nested_bytes": self.sum_inside(|at| at.ledger.totals().opened.bytes),
            "nested_keepalives": self.sum_inside(|at| at.ledger.totals().opened.keepalives),
            "nested_not_decrypted": self.sum_inside(|at| at.ledger.totals().failed),
        })
    }
}

fn session_json(at: &Depth<'_>, id: SessionId, session: &Session, rekeys: usize) -> Value {
    let origin = match &session.origin {
        Origin::Handshake { initiation, response, timestamp, psk, .. } => json!({
            "kind": "handshake",
            "initiation": moment(*initiation),
            "response": moment(*response),
            "timestamp": time(*timestamp),
            "psk": !psk.is_zero(),
        }),
        Origin::TransportKeys { time: at } => json!({ "kind": "transport-keys", "time": at.map(time) }),
    };
    json!({
        "type": "session",
        "depth": at.tunnels,
        "id": id.0,
        "rekeys_before": rekeys,
        "origin": origin,
        "local": session.local.map(role),
        "initiator": side(&session.initiator),
        "responder": side(&session.responder),
        "sent_by_initiator": at.ledger.of(id, Role::Initiator).map(direction),
        "sent_by_responder": at.ledger.of(id, Role::Responder).map(direction),
    })
}

fn kind(failure: Failure) -> &'static str {
    match failure {
        Failure::NoKey => "no-key",
        Failure::NotAuthentic => "not-authentic",
        Failure::Truncated { .. } => "truncated",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Initiator => "initiator",
        Role::Responder => "responder",
    }
}

fn side(side: &Side) -> Value {
    json!({
        "public_key": side.public.map(|key| key.to_string()),
        "index": side.index.map(|index| index.to_string()),
    })
}

fn moment(at: Moment) -> Value {
    json!({ "frame": at.frame, "time": time(at.time) })
}

fn direction(sent: &DirectionReport) -> Value {
    json!({
        "packets": sent.tally.packets,
        "bytes": sent.tally.bytes,
        "keepalives": sent.tally.keepalives,
        "malformed": sent.tally.malformed,
        "lost": sent.counters.lost(),
        "reordered": sent.counters.reordered(),
        "duplicated": sent.counters.duplicated(),
        "late": sent.counters.late(),
        "first": sent.span.map(|(first, _)| moment(first)),
        "last": sent.span.map(|(_, last)| moment(last)),
        "endpoint": sent.endpoint.map(|endpoint| endpoint.to_string()),
        "address_changes": sent.roamed,
    })
}
