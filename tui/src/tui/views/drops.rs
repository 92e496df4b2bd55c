//! What was dropped, by reason, hook and pod.

use super::cells;
use super::list::List;
use super::pane::{Pieces, field};
use super::table::{Cell, Head, number, words};
use crate::tui::app::{App, DropRow, View, drop_rows};
use crate::tui::units;

pub(super) fn list(app: &App) -> List<'_, DropRow<'_>> {
    List {
        view: View::Drops,
        heads: &HEADS,
        rows: drop_rows(app.shown()),
        empty: "nothing was dropped",
        cell,
        details: ("drop", lines),
    }
}

fn lines(app: &App, row: &DropRow<'_>) -> Vec<Pieces> {
    let theme = &app.theme;
    let bytes = row.bytes.map_or_else(|| "not known".to_owned(), |bytes| bytes.to_string());
    vec![
        field("reason", row.reason.clone(), theme.bad, theme),
        field("at", format!("{} of {}", row.hook, row.node), theme.text, theme),
        field("packets", row.packets.to_string(), theme.text, theme),
        field("bytes", bytes, theme.text, theme),
        field("pod", row.pod.unwrap_or("all of them").to_owned(), theme.text, theme),
    ]
}

fn cell<'a>(app: &App, row: &DropRow<'a>, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    match (column, row.pod) {
        (0, _) => cells::node(app, row.node, room),
        (1, None) => (row.reason.clone().into(), theme.bad),
        (1, Some(_)) => ("  of a pod".into(), theme.dim),
        (2, _) => (row.hook.into(), theme.text),
        (3, _) => (units::count(row.packets).into(), theme.text),
        (4, _) => (row.bytes.map_or_else(|| "-".into(), units::count).into(), theme.text),
        (_, pod) => (pod.unwrap_or("-").into(), theme.text),
    }
}

const HEADS: [Head; 6] = [
    words("NODE", [8, 8, 24], 3),
    words("REASON", [24, 30, 44], 0),
    words("HOOK", [14, 14, 14], 2),
    number("PACKETS", 7, 1),
    number("BYTES", 6, 5),
    words("POD", [10, 16, 60], 4),
];
