//! All that is known of one flow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wgtrace_api::v1::EncryptionState;

use super::cells;
use super::pane::{self, Pieces, field};
use crate::tui::app::{App, Pane};
use crate::tui::model::{Endpoint, Flow, Passed, Place, Total, protocol, reason};
use crate::tui::text;
use crate::tui::units;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let details = app.details.unwrap_or_default();
    let model = app.shown();
    let flow = app.flows.flow(model).and_then(|key| model.flows.find(key));
    let lines = flow.map(|flow| lines(app, flow));
    let (title, lines) = match lines {
        Some(lines) => ("flow", lines),
        None => ("flow", vec![vec![("this flow is gone".to_owned(), app.theme.dim)]]),
    };
    pane::draw(title, &lines, details.fields, details.focus == Pane::Fields, &app.theme, area, buffer);
}

/// The same as text.
pub(super) fn copied(app: &App) -> Option<String> {
    let model = app.shown();
    let flow = app.flows.flow(model).and_then(|key| model.flows.find(key))?;
    Some(pane::text(&lines(app, flow)))
}

fn lines(app: &App, flow: &Flow) -> Vec<Pieces> {
    let theme = &app.theme;
    let (state, state_style) = cells::state(flow.encryption, theme);
    let mut what: String =
        if flow.is_wireguard { "WireGuard".to_owned() } else { protocol(flow.protocol).into() };
    if flow.echo_id != 0 {
        what.extend([format!(", id {}", flow.echo_id)]);
    }
    if !flow.tcp_state.is_empty() {
        what.extend([format!(", {}", flow.tcp_state)]);
    }
    let mut lines = vec![
        field("from", end(&flow.source), theme.text, theme),
        field("to", end(&flow.destination), theme.text, theme),
        field("protocol", what, theme.text, theme),
        field("seen by", flow.node.to_string(), theme.text, theme),
        vec![
            (format!("{:<14}", "encryption"), theme.dim),
            (state.to_owned(), state_style),
            (explained(flow.encryption).to_owned(), theme.dim),
        ],
        field("path", cells::path(flow, usize::MAX), theme.text, theme),
    ];
    if !flow.peer.is_empty() {
        lines.push(field("peer", format!("{} {}", flow.peer_node, flow.peer), theme.text, theme));
    }
    let (first, last) = (units::time_of_day(flow.first), units::time_of_day(flow.last));
    lines.push(field("seen", format!("{first} to {last} UTC"), theme.text, theme));
    let rate = flow.meter.per_second();
    let rates = format!("{} packets/s, {} B/s", units::count(rate.packets), units::count(rate.bytes));
    lines.push(field("rate", rates, theme.text, theme));
    if flow.rtt > 0 {
        lines.push(field("round trip", units::short(flow.rtt), theme.text, theme));
    }
    if flow.retransmissions > 0 {
        lines.push(field("retransmitted", flow.retransmissions.to_string(), theme.warn, theme));
    }
    for drop in &flow.drops {
        let text = format!("{} x {} ({}) at {}", drop.packets, reason(drop.reason), drop.reason, drop.hook);
        lines.push(field("dropped", text, theme.bad, theme));
    }
    lines.push(Vec::new());
    let head = format!(
        "{:<16}{:<16}{:>9} {:>9}   {:>9} {:>9}  {:<7} {}",
        "INTERFACE", "HOOK", "OUT", "BYTES", "IN", "BYTES", "FIRST", "LAST"
    );
    lines.push(vec![(head, theme.dim)]);
    lines.extend(flow.hops().map(|(place, passed)| of_hop(app, flow, place, passed)));
    lines
}

fn of_hop(app: &App, flow: &Flow, place: &Place, passed: &Passed) -> Pieces {
    let theme = &app.theme;
    let total = |total: Total| format!("{:>9} {:>9}", units::count(total.packets), units::count(total.bytes));
    let after = units::short(units::between(flow.first, passed.first));
    let last = units::time_to_the_second(passed.last);
    let line = format!(
        "{}{}{}   {}  +{after:<6} {last}",
        padded(&place.interface, 16),
        padded(&place.hook, 16),
        total(passed.forward),
        total(passed.backward)
    );
    let sealed = if place.is_sealed { "  as ciphertext" } else { "" };
    vec![(line, theme.text), (sealed.to_owned(), theme.good)]
}

fn padded(name: &str, columns: usize) -> String {
    let name = text::fit(name, columns.saturating_sub(1));
    let gap = columns.saturating_sub(text::width(&name));
    format!("{}{}", &*name, " ".repeat(gap))
}

fn end(end: &Endpoint) -> String {
    let mut text = end.to_string();
    if let (false, Some(address)) = (end.pod.is_empty(), end.address) {
        text.extend([format!("  {address}")]);
    }
    if !end.node.is_empty() {
        text.extend([format!("  on {}", end.node)]);
    }
    text
}

const fn explained(state: EncryptionState) -> &'static str {
    match state {
        EncryptionState::None => "  it was not seen at a native device",
        EncryptionState::Encrypted => "  at the native device it was WireGuard's ciphertext only",
        EncryptionState::Clear => "  it passed the native device in the clear, and may",
        EncryptionState::Leak => "  it passed the native device in the clear, and must not",
    }
}
