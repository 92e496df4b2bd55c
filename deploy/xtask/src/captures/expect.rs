//! `expect.json`: what the generator knows because it made the packets, computed without the
//! decrypting pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Result;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::scenario::{Fail, Inside, Known, Run, Scenario};
use super::stage::{Frame, Kind, Node, Sent};

/// The text of `expect.json`.
pub(super) fn expectation(scenario: &Scenario) -> Result<String> {
    let frames = &numbered(&scenario.stage.frames);
    let messages: Vec<Value> = frames
        .iter()
        .flat_map(|(number, frame)| frame.messages.iter().map(|sent| message(*number, sent)))
        .collect();
    let inside: Vec<Value> = scenario.inside.iter().flat_map(carried).collect();
    let nested: Vec<Numbered<'_>> =
        scenario.inside.iter().map(|inside| (inside.number, &inside.frame)).collect();
    let runs: Vec<Value> = scenario
        .runs
        .iter()
        .map(|run| {
            let mut value = outcome(frames, run);
            if let (Some(inside), Some(fields)) = (&run.inside, value.as_object_mut()) {
                let mut value = outcome(&nested, inside);
                if let Some(fields) = value.as_object_mut() {
                    fields.insert("counts".to_owned(), handshakes(&nested));
                }
                fields.insert("inside".to_owned(), value);
            }
            value
        })
        .collect();
    let mut out = String::from("{\n");
    writeln!(out, "\"capture\": {},", json!(scenario.capture))?;
    writeln!(out, "\"counts\": {},", counts(&scenario.stage.frames))?;
    list(&mut out, "messages", &messages, ",")?;
    list(&mut out, "inside", &inside, ",")?;
    list(&mut out, "runs", &runs, "")?;
    out.push_str("}\n");
    Ok(out)
}

/// One entry a line, so that a change shows as one.
fn list(out: &mut String, name: &str, entries: &[Value], end: &str) -> Result<()> {
    write!(out, "\"{name}\": [")?;
    for (number, entry) in entries.iter().enumerate() {
        write!(out, "{}\n  {entry}", if number > 0 { "," } else { "" })?;
    }
    Ok(writeln!(out, "]{end}")?)
}

/// A frame with its number in the file, or that of the one it is carried in.
type Numbered<'a> = (usize, &'a Frame);

fn numbered(frames: &[Frame]) -> Vec<Numbered<'_>> {
    (1..).zip(frames).collect()
}

/// The messages of a packet inside another tunnel.
fn carried(inside: &Inside) -> impl Iterator<Item = Value> {
    inside.frame.messages.iter().map(|sent| {
        let mut value = message(inside.number, sent);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("carrier".to_owned(), json!(inside.carrier.to_string()));
        }
        value
    })
}

fn message(frame: usize, sent: &Sent) -> Value {
    let mut value = json!({
        "frame": frame,
        "from": letter(sent.by),
        "receiver": sent.receiver.to_string(),
        "counter": sent.counter,
    });
    if let (Some((_, inner)), Some(fields)) = (&sent.content, value.as_object_mut()) {
        fields.insert("inner_len".to_owned(), json!(inner.len()));
        if !inner.is_empty() {
            fields.insert("inner_sha256".to_owned(), json!(sha256(inner)));
        }
    }
    value
}

fn letter(node: Node) -> &'static str {
    ["a", "b", "c"].get(node.0).copied().unwrap_or("?")
}

fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What the frames are, keys or not.
fn counts(frames: &[Frame]) -> Value {
    let count = |is: fn(&Kind) -> bool| frames.iter().filter(|frame| is(&frame.kind)).count();
    let different = |is: fn(&Kind) -> bool| {
        let payloads: BTreeSet<_> = frames
            .iter()
            .filter(|frame| is(&frame.kind))
            .filter_map(|frame| frame.bytes.split_at_checked(HEADERS))
            .map(|(_, rest)| rest)
            .collect();
        payloads.len()
    };
    let initiations = different(|kind| matches!(kind, Kind::Initiation(_)));
    let responses = different(|kind| matches!(kind, Kind::Response(_)));
    let handshakes = count(|kind| matches!(kind, Kind::Initiation(_) | Kind::Response(_)));
    json!({
        "frames": frames.len(),
        "datagrams": count(|kind| !matches!(kind, Kind::Piece | Kind::Alien)),
        "not_wireguard": count(|kind| *kind == Kind::Foreign),
        "transport": count(|kind| *kind == Kind::Transport),
        "initiations": initiations,
        "responses": responses,
        "handshake_duplicates": handshakes - initiations - responses,
        "cookie_replies": count(|kind| *kind == Kind::CookieReply),
    })
}

/// Behind these a repeated handshake message is the same under every link layer here.
const HEADERS: usize = 42;

/// Handshake messages inside a tunnel, where none comes twice.
fn handshakes(frames: &[Numbered<'_>]) -> Value {
    let count = |is: fn(&Kind) -> bool| frames.iter().filter(|(_, frame)| is(&frame.kind)).count();
    json!({
        "initiations": count(|kind| matches!(kind, Kind::Initiation(_))),
        "responses": count(|kind| matches!(kind, Kind::Response(_))),
    })
}

fn outcome(frames: &[Numbered<'_>], run: &Run) -> Value {
    let mut directions: BTreeMap<(usize, Node), Direction> = BTreeMap::new();
    let mut groups: Vec<(String, Fail, usize, Vec<usize>)> = Vec::new();
    let mut position = 0;
    for &(number, frame) in frames {
        for sent in &frame.messages {
            let fail = match &sent.content {
                None => Some(Fail::nothing_known(sent)),
                Some(_) => (run.fails)(frame, sent),
            };
            match (fail, &sent.content) {
                (None, Some((session, inner))) => {
                    directions.entry((*session, sent.by)).or_default().count(sent, inner.len());
                }
                (None, None) => {}
                (Some(fail), _) => {
                    let receiver = sent.receiver.to_string();
                    match groups
                        .iter_mut()
                        .find(|(other, first, ..)| *other == receiver && first.kind == fail.kind)
                    {
                        Some((.., messages)) => messages.push(position),
                        None => groups.push((receiver, fail, number, vec![position])),
                    }
                }
            }
            position += 1;
        }
    }
    let failures: Vec<Value> = groups
        .into_iter()
        .map(|(receiver, Fail { kind, reason }, frame, messages)| {
            json!({
                "kind": kind,
                "receiver": receiver,
                "reason": reason,
                "first_frame": frame,
                "messages": messages,
            })
        })
        .collect();
    let handshakes: Vec<Value> =
        run.handshakes.iter().map(|(frame, reason)| json!({ "frame": frame, "reason": reason })).collect();
    let mut value = json!({
        "keys": run.keys,
        "side": letter(run.side),
        "sessions": sessions(frames, run),
        "directions": directions.into_values().map(|direction| direction.json()).collect::<Vec<_>>(),
        "failures": failures,
        "handshake_failures": handshakes,
        "cookies_opened": run.cookies_opened,
        "mac2_verified": run.mac2_verified,
    });
    if run.is_blind
        && let Some(fields) = value.as_object_mut()
    {
        let foreign = |frame: &Frame| match frame.kind {
            Kind::Response(_) => Frame { kind: Kind::Foreign, ..frame.clone() },
            Kind::Initiation(_)
            | Kind::CookieReply
            | Kind::Transport
            | Kind::Piece
            | Kind::Foreign
            | Kind::Alien => frame.clone(),
        };
        fields.insert(
            "counts".to_owned(),
            counts(&frames.iter().map(|(_, frame)| foreign(frame)).collect::<Vec<_>>()),
        );
    }
    value
}

/// Frames of initiation and response of every session; none for sessions given as transport keys.
fn sessions(frames: &[Numbered<'_>], run: &Run) -> Value {
    match run.known {
        Known::Nothing => json!([]),
        Known::TransportKeys => {
            let numbers: BTreeSet<_> = frames
                .iter()
                .flat_map(|(_, frame)| &frame.messages)
                .filter_map(|sent| sent.content.as_ref())
                .map(|(session, _)| session)
                .collect();
            json!(numbers.iter().map(|_| Value::Null).collect::<Vec<_>>())
        }
        Known::Handshakes => {
            let first = |kind| frames.iter().find(|(_, frame)| frame.kind == kind).map(|(number, _)| *number);
            let pairs = (0..).map_while(|session| {
                Some(json!([first(Kind::Initiation(Some(session)))?, first(Kind::Response(session))?]))
            });
            Value::Array(pairs.collect())
        }
    }
}

/// The messages that one side of a session sent and that opened.
#[derive(Default)]
struct Direction {
    receiver: String,
    packets: u64,
    bytes: usize,
    keepalives: u64,
    counters: Vec<u64>,
    addresses: Vec<SocketAddr>,
}

impl Direction {
    fn count(&mut self, sent: &Sent, inner: usize) {
        self.receiver = sent.receiver.to_string();
        if inner == 0 {
            self.keepalives += 1;
        } else {
            self.packets += 1;
        }
        self.bytes += inner;
        self.counters.push(sent.counter);
        self.addresses.push(sent.from);
    }

    /// Everything remembered, nothing clever: a model for the pipeline to disagree with.
    fn json(&self) -> Value {
        let distinct: BTreeSet<u64> = self.counters.iter().copied().collect();
        let span = distinct.last().zip(distinct.first()).map_or(0, |(last, first)| last - first + 1);
        let mut seen = BTreeSet::new();
        let (mut reordered, mut duplicated) = (0, 0);
        for &counter in &self.counters {
            if seen.contains(&counter) {
                duplicated += 1;
            } else if seen.last().is_some_and(|&last| last > counter) {
                reordered += 1;
            }
            seen.insert(counter);
        }
        let changes =
            self.addresses.iter().zip(self.addresses.iter().skip(1)).filter(|(one, two)| one != two);
        let mut value = json!({
            "receiver": self.receiver,
            "packets": self.packets,
            "bytes": self.bytes,
            "keepalives": self.keepalives,
            "lost": span - distinct.len() as u64,
            "reordered": reordered,
            "duplicated": duplicated,
            "address_changes": changes.count(),
            "endpoint": self.addresses.last().map(ToString::to_string),
        });
        // What is left out is none.
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|_, value| *value != json!(0));
        }
        value
    }
}
