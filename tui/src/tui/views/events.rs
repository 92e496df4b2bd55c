//! What happened to nodes and sessions, the newest first.

use super::cells;
use super::list::List;
use super::pane::{Pieces, field};
use super::table::{Cell, Head, words};
use crate::tui::app::{App, View};
use crate::tui::model::{Event, Kind};
use crate::tui::units;

pub(super) fn list(app: &App) -> List<'_, &Event> {
    let events = &app.shown().events;
    List {
        view: View::Events,
        heads: &HEADS,
        rows: (0..events.len()).filter_map(|number| events.newest(number)).collect(),
        empty: "nothing happened yet",
        cell: |app, &event, column, room| cell(app, event, column, room),
        details: ("event", |app, event| lines(app, event)),
    }
}

fn lines(app: &App, event: &Event) -> Vec<Pieces> {
    let theme = &app.theme;
    vec![
        field("time", format!("{} UTC", units::time_of_day(event.time)), theme.text, theme),
        field("node", event.node.to_string(), theme.text, theme),
        field(event.kind.name(), event.text.to_string(), theme.text, theme),
    ]
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
        _ => ((&*event.text).into(), theme.text),
    }
}

const HEADS: [Head; 4] = [
    words("TIME", [8, 8, 8], 1),
    words("NODE", [8, 13, 30], 2),
    words("EVENT", [9, 9, 9], 3),
    words("WHAT", [20, 80, 300], 0),
];
