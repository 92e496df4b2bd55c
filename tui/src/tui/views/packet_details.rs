//! A packet's layers and its bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wgtrace_api::v1::Packet;

use super::pane::{self, Pieces, field};
use super::{cells, hex, layers};
use crate::tui::app::{App, Pane};
use crate::tui::model::reason;
use crate::tui::units;

pub(super) fn draw(app: &App, packet: Option<&Packet>, fields: Rect, bytes: Rect, buffer: &mut Buffer) {
    let details = app.details.unwrap_or_default();
    let theme = &app.theme;
    let nothing = || vec![vec![("no packet".to_owned(), theme.dim)]];
    let lines = packet.map_or_else(nothing, |packet| lines(app, packet));
    pane::draw("layers", &lines, details.fields, details.focus == Pane::Fields, theme, fields, buffer);
    let lines = packet.map_or_else(Vec::new, |packet| hex_lines(app, packet));
    pane::draw("bytes", &lines, details.bytes, details.focus == Pane::Bytes, theme, bytes, buffer);
}

/// What stands in the pane that keys move as text, in the list's place all layers.
pub(super) fn copied(app: &App, packet: &Packet, focus: Pane) -> String {
    match focus {
        Pane::List | Pane::Fields => pane::text(&lines(app, packet)),
        Pane::Bytes => pane::text(&hex_lines(app, packet)),
    }
}

fn lines(app: &App, packet: &Packet) -> Vec<Pieces> {
    let theme = &app.theme;
    let (state, state_style) = cells::state(packet.encryption(), theme);
    let mut lines = vec![
        vec![(format!("{} {}", packet.interface, packet.hook), theme.title)],
        field("  seen", format!("{} UTC", units::time_of_day(packet.time)), theme.text, theme),
        field("  by", format!("{}, cpu {}", packet.node, packet.cpu), theme.text, theme),
        field("  length", length(packet), theme.text, theme),
        field("  mark", format!("0x{:x}", packet.mark), theme.text, theme),
    ];
    if packet.drop_reason != 0 {
        let text = format!("dropped: {} ({})", reason(packet.drop_reason), packet.drop_reason);
        lines.push(field("  verdict", text, theme.bad, theme));
    } else if !packet.verdict.is_empty() {
        lines.push(field("  verdict", packet.verdict.clone(), theme.text, theme));
    }
    lines.push(field("  encryption", state.to_owned(), state_style, theme));
    if let Some(message) = &packet.wireguard {
        lines.push(field("  peer", format!("{} {}", message.peer_node, message.peer), theme.text, theme));
    }
    for (name, party) in [("  from", &packet.source), ("  to", &packet.destination)] {
        if let Some(party) = party.as_ref().filter(|party| !party.pod.is_empty() || !party.node.is_empty()) {
            let on = if party.node.is_empty() { String::new() } else { format!("on {}", party.node) };
            lines.push(field(name, format!("{} {on}", party.pod).trim().to_owned(), theme.text, theme));
        }
    }
    for layer in layers::of(packet) {
        let style = if layer.is_inner { theme.good } else { theme.title };
        lines.push(vec![(layer.title, style)]);
        lines.extend(
            layer
                .fields
                .into_iter()
                .map(|(name, value)| field(&format!("  {name}"), value, theme.text, theme)),
        );
    }
    lines
}

fn length(packet: &Packet) -> String {
    match packet.segments {
        0 | 1 => format!("{} bytes", packet.length),
        segments => format!("{} bytes, {segments} segments", packet.length),
    }
}

fn hex_lines(app: &App, packet: &Packet) -> Vec<Pieces> {
    let theme = &app.theme;
    let dump = |bytes: &[u8]| hex::lines(bytes).map(|line| vec![(line, theme.text)]).collect::<Vec<_>>();
    let mut lines = dump(&packet.bytes);
    if packet.bytes.is_empty() {
        lines.push(vec![("no bytes were told of it".to_owned(), theme.dim)]);
    }
    if !packet.inner.is_empty() {
        lines.push(vec![("inside, decrypted".to_owned(), theme.good)]);
        lines.extend(dump(&packet.inner));
    }
    lines
}
