//! What happened to nodes and sessions, the newest first.

use ratatui::buffer::Buffer;

use super::cells;
use super::pane::{self, field};
use super::table::{Cell, Head, Table, words};
use crate::tui::app::{App, Areas, Pane, View};
use crate::tui::model::{Event, Kind};
use crate::tui::units;

pub(super) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let events = &app.shown().events;
    let cursor = app.cursors.get(View::Events.number()).copied().unwrap_or_default();
    let table = Table {
        heads: &HEADS,
        area: areas.list,
        rows: events.len(),
        cursor,
        sorted: None,
        empty: "nothing happened yet",
        theme: &app.theme,
    };
    table.draw(buffer, |row, column, room| {
        events.newest(row).map_or_else(Cell::default, |event| cell(app, event, column, room))
    });
    if let Some(area) = areas.fields {
        let (details, theme) = (app.details.unwrap_or_default(), &app.theme);
        let lines = events.newest(cursor.row).map(|event| {
            vec![
                field("time", format!("{} UTC", units::time_of_day(event.time)), theme.text, theme),
                field("node", event.node.clone(), theme.text, theme),
                field(event.kind.name(), event.text.clone(), theme.text, theme),
            ]
        });
        let lines = lines.unwrap_or_default();
        pane::draw("event", &lines, details.fields, details.focus == Pane::Fields, theme, area, buffer);
    }
}

fn cell<'a>(app: &App, event: &'a Event, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    match column {
        0 => (units::time_to_the_second(event.time).into(), theme.dim),
        1 => cells::node(app, &event.node, room),
        2 => {
            let style = match event.kind {
                Kind::Connected | Kind::Mended => theme.good,
                Kind::Session => theme.text,
                Kind::Refused | Kind::Fault => theme.warn,
                Kind::Gone | Kind::Leak => theme.bad,
            };
            (event.kind.name().into(), style)
        }
        _ => (event.text.as_str().into(), theme.text),
    }
}

const HEADS: [Head; 4] = [
    words("TIME", [8, 8, 8], 1),
    words("NODE", [8, 13, 30], 2),
    words("EVENT", [9, 9, 9], 3),
    words("WHAT", [20, 80, 300], 0),
];
