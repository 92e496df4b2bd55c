//! Packets as they come.

use ratatui::buffer::Buffer;
use wgtrace_api::v1::Packet;

use super::table::{self, Cell, Head, Table, number, words};
use super::{cells, packet_details};
use crate::tui::app::{App, Areas};
use crate::tui::model::{protocol, reason};
use crate::tui::text;
use crate::tui::units;

pub(super) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let packets = &app.shown().packets;
    let cursor = app.packets.cursor(app.shown(), areas.rows());
    let empty = if packets.len() > 0 {
        "no packet is wanted by the filter: x takes it away"
    } else {
        "no packets yet"
    };
    let table = Table {
        heads: &HEADS,
        area: areas.list,
        rows: packets.rows(),
        cursor,
        sorted: None,
        empty,
        theme: &app.theme,
    };
    let in_sight: Vec<Packet> =
        (cursor.top..).take(areas.rows()).map_while(|row| packets.packet(row)).collect();
    table.draw(buffer, |row, column, room| {
        let packet = row.checked_sub(cursor.top).and_then(|line| in_sight.get(line));
        packet.map_or_else(Cell::default, |packet| of_packet(app, packet, column, room))
    });
    if let (Some(fields), Some(bytes)) = (areas.fields, areas.bytes) {
        let packet = packets.packet(cursor.row);
        packet_details::draw(app, packet.as_ref(), fields, bytes, buffer);
    }
}

/// The packet that keys act on as text: a line, or while they are open its layers or its bytes.
pub(super) fn copied(app: &App) -> Option<String> {
    let rows = app.areas().map_or(0, |areas| areas.rows());
    let packet = &app.shown().packets.packet(app.packets.cursor(app.shown(), rows).row)?;
    Some(match app.details {
        Some(details) => packet_details::copied(app, packet, details.focus),
        None => table::line(HEADS.len(), |column, room| of_packet(app, packet, column, room)),
    })
}

fn of_packet<'a>(app: &App, packet: &'a Packet, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    match column {
        0 => (units::time_of_day(packet.time).into(), theme.dim),
        1 => cells::node(app, &packet.node, room),
        2 => (text::fit(&packet.interface, room), theme.text),
        3 => (packet.hook.as_str().into(), theme.dim),
        4 if packet.drop_reason != 0 || packet.verdict == "dropped" => ("DROPPED".into(), theme.bad),
        4 => {
            let (name, style) = cells::state(packet.encryption(), theme);
            (name.into(), style)
        }
        5 => (units::count(packet.length.into()).into(), theme.dim),
        _ => (summary(packet).into(), theme.text),
    }
}

/// One line; of ciphertext that was opened, also what is inside.
pub(super) fn summary(packet: &Packet) -> String {
    let mut line = packet.summary.clone();
    if line.is_empty() {
        let party = |party: Option<&wgtrace_api::v1::Party>| {
            party.map_or_else(String::new, |party| {
                let port = if party.port == 0 { String::new() } else { format!(":{}", party.port) };
                format!("{}{port}", party.address)
            })
        };
        let (source, destination) = (party(packet.source.as_ref()), party(packet.destination.as_ref()));
        line = format!("{source} > {destination}: {}", protocol(packet.protocol));
        if let Some(message) = &packet.wireguard {
            line.extend([format!(" {}", message.kind)]);
        }
    }
    if packet.drop_reason != 0 {
        line = format!("{}: {line}", reason(packet.drop_reason));
    }
    if let (Some(source), Some(destination)) = (&packet.inner_source, &packet.inner_destination) {
        let protocol = protocol(packet.inner_protocol);
        line.extend([format!(" [{} > {}: {protocol}]", source.address, destination.address)]);
    }
    line
}

const HEADS: [Head; 7] = [
    words("TIME (UTC)", [15, 15, 15], 3),
    words("NODE", [8, 8, 24], 7),
    words("INTERFACE", [10, 10, 15], 1),
    words("HOOK", [14, 14, 14], 8),
    words("STATE", [9, 9, 9], 2),
    number("LENGTH", 6, 9),
    words("PACKET", [20, 48, 200], 0),
];
