//! WireGuard peers and their sessions.

use wgtrace_api::v1::Peer;

use super::cells;
use super::list::List;
use super::pane::{Pieces, field};
use super::table::{Cell, Head, number, words};
use crate::tui::app::{App, View, peer_rows};
use crate::tui::model::{Node, PeerClock};
use crate::tui::units;

pub(super) fn list(app: &App) -> List<'_, (&Node, &Peer)> {
    List {
        view: View::Peers,
        heads: &HEADS,
        rows: peer_rows(app.shown()).collect(),
        empty: "no peers yet",
        cell: |app, &(node, peer), column, room| cell(app, node, peer, column, room),
        details: ("peer", |app, (node, peer)| lines(app, node, peer)),
    }
}

fn cell<'a>(app: &App, node: &'a Node, peer: &'a Peer, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    let clock = clock(app, node, peer);
    match column {
        0 => cells::node(app, &node.name, room),
        1 if peer.node.is_empty() => ("(no node)".into(), theme.dim),
        1 => (cells::node(app, &peer.node, room).0, theme.text),
        2 => (peer.endpoint.as_str().into(), theme.text),
        3 => handshake(app, peer),
        4 | 5 => {
            let Some(clock) = clock else { return ("-".into(), theme.dim) };
            let left = if column == 4 { clock.rekey_in } else { clock.reject_in };
            left_of(left, column == 5, app)
        }
        6 => (units::count(peer.rx_bytes).into(), theme.text),
        7 => (units::count(peer.tx_bytes).into(), theme.text),
        8 => {
            let lost = peer.losses.iter().fold(0u64, |sum, loss| sum.saturating_add(loss.count));
            if lost == 0 { ("-".into(), theme.dim) } else { (units::count(lost).into(), theme.bad) }
        }
        9 => (peer.allowed_ips.join(", ").into(), theme.text),
        _ => {
            let indices = peer
                .session
                .as_ref()
                .map(|session| format!("{:08x} {:08x}", session.local_index, session.remote_index));
            (indices.unwrap_or_else(|| "no session".to_owned()).into(), theme.dim)
        }
    }
}

fn clock(app: &App, node: &Node, peer: &Peer) -> Option<PeerClock> {
    peer.session.as_ref().map(|session| PeerClock::new(session, node.peers.0, app.now))
}

fn handshake(app: &App, peer: &Peer) -> Cell<'static> {
    if peer.last_handshake <= 0 {
        return ("never".into(), app.theme.warn);
    }
    (units::long(units::between(peer.last_handshake, app.now)).into(), app.theme.text)
}

/// How long there is still time; of what comes to its end, in colour.
fn left_of(nanos: i64, is_end: bool, app: &App) -> Cell<'static> {
    let theme = &app.theme;
    match u64::try_from(nanos) {
        Ok(left) if is_end && left < WARN => (units::long(left).into(), theme.warn),
        Ok(left) => (units::long(left).into(), theme.text),
        Err(_) if is_end => ("over".into(), theme.bad),
        Err(_) => ("due".into(), theme.warn),
    }
}

fn lines(app: &App, node: &Node, peer: &Peer) -> Vec<Pieces> {
    let theme = &app.theme;
    let (age, age_style) = handshake(app, peer);
    let mut lines = vec![
        field("public key", peer.public_key.clone(), theme.text, theme),
        field("node", format!("{}, as {} has it", peer.node, node.name), theme.text, theme),
        registered(app, node, peer),
        field("endpoint", peer.endpoint.clone(), theme.text, theme),
        field("allowed ips", peer.allowed_ips.join(", "), theme.text, theme),
        field("handshake", &*age, age_style, theme),
        field("received", format!("{} bytes", peer.rx_bytes), theme.text, theme),
        field("sent", format!("{} bytes", peer.tx_bytes), theme.text, theme),
    ];
    if peer.staged > 0 {
        let text = format!("{} packets wait for a session", peer.staged);
        lines.push(field("staged", text, theme.warn, theme));
    }
    match &peer.session {
        Some(session) => {
            let role = if session.initiator { "initiator" } else { "responder" };
            lines.push(field("session", role.to_owned(), theme.text, theme));
            lines.push(field("receives as", format!("0x{:08x}", session.local_index), theme.text, theme));
            lines.push(field("sends to", format!("0x{:08x}", session.remote_index), theme.text, theme));
            let counts = format!("{} sent, {} received", session.sent, session.received);
            lines.push(field("messages", counts, theme.text, theme));
            if let Some(clock) = clock(app, node, peer) {
                let (rekey, rekey_style) = left_of(clock.rekey_in, false, app);
                lines.push(field("rekey in", &*rekey, rekey_style, theme));
                let (reject, reject_style) = left_of(clock.reject_in, true, app);
                lines.push(field("rejected in", &*reject, reject_style, theme));
            }
        }
        None => lines.push(field("session", "none".to_owned(), theme.warn, theme)),
    }
    lines.extend(
        peer.losses
            .iter()
            .filter(|loss| loss.count > 0)
            .map(|loss| field("dropped", format!("{} {}", loss.count, loss.cause), theme.bad, theme)),
    );
    lines
}

/// What the node's registry says of who has this key.
fn registered(app: &App, node: &Node, peer: &Peer) -> Pieces {
    let theme = &app.theme;
    let entry = node.roster.iter().find(|entry| entry.public_key == peer.public_key);
    let (text, style) = match entry {
        Some(entry) => (format!("{}, pods {}", entry.address, entry.pod_cidrs.join(", ")), theme.text),
        None if node.roster.is_empty() => ("not told yet".to_owned(), theme.dim),
        None => ("(not in the registry)".to_owned(), theme.warn),
    };
    field("registered", text, style, theme)
}

const HEADS: [Head; 11] = [
    words("NODE", [8, 8, 24], 2),
    words("PEER", [10, 10, 24], 0),
    words("ENDPOINT", [16, 18, 22], 4),
    number("HANDSHAKE", 9, 1),
    number("REKEY", 6, 3),
    number("REJECT", 6, 5),
    number("RECEIVED", 8, 6),
    number("SENT", 6, 7),
    number("DROPS", 5, 8),
    words("ALLOWED IPS", [14, 26, 40], 9),
    words("INDICES", [17, 17, 17], 10),
];

/// A session that is rejected sooner than this should have been followed by another.
const WARN: u64 = 30 * units::SECOND;
