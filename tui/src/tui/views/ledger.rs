//! Events produced, delivered and lost, for each CPU and hook.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wgtrace_api::v1::LedgerRow;

use super::table::{self, Cell, Head, Table, number, words};
use super::{cells, print_all};
use crate::tui::app::{App, Areas, View, ledger_rows};
use crate::tui::model::Node;
use crate::tui::units;

pub(super) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let nodes: Vec<&Node> = app.shown().nodes.shown().filter(|node| node.ledger.is_some()).collect();
    let rows: Vec<_> = ledger_rows(app.shown()).collect();
    let sums = u16::try_from(nodes.len()).unwrap_or(u16::MAX).min(areas.list.height / 3);
    let list = Rect { height: areas.list.height.saturating_sub(sums), ..areas.list };
    let cursor = app.cursors.get(View::Ledger.number()).copied().unwrap_or_default();
    let mut cursor = cursor;
    cursor.keep_in_sight(rows.len(), usize::from(list.height.saturating_sub(1)));
    let table = Table {
        heads: &HEADS,
        area: list,
        rows: rows.len(),
        cursor,
        sorted: None,
        empty: "no events yet",
        theme: &app.theme,
    };
    table.draw(buffer, |row, column, room| {
        rows.get(row).map_or_else(Cell::default, |(node, row)| cell(app, node, row, column, room))
    });
    for (y, node) in (list.bottom()..areas.list.bottom()).zip(nodes) {
        sum(app, node, Rect { y, height: 1, ..areas.list }, buffer);
    }
}

/// The row that keys act on as text.
pub(super) fn copied(app: &App) -> Option<String> {
    let cursor = app.cursors.get(View::Ledger.number()).copied().unwrap_or_default();
    let (node, row) = ledger_rows(app.shown()).nth(cursor.row)?;
    Some(table::line(HEADS.len(), |column, room| cell(app, node, row, column, room)))
}

fn cell<'a>(app: &App, node: &'a Node, row: &'a LedgerRow, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    let count = |value: u64| (units::count(value).into(), theme.text);
    let lost = |value: u64| {
        if value == 0 { ("-".into(), theme.dim) } else { (units::count(value).into(), theme.bad) }
    };
    match column {
        0 => cells::node(app, &node.name, room),
        1 => (row.cpu.to_string().into(), theme.text),
        2 => (row.hook.as_str().into(), theme.text),
        3 => count(row.produced),
        4 => count(row.delivered),
        5 => lost(row.lost_full),
        6 => lost(row.lost_other),
        7 => count(row.deaf),
        _ => lost(row.undecodable),
    }
}

/// What the rows of a node come to.
fn sum(app: &App, node: &Node, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let Some(ledger) = &node.ledger else { return };
    let of = |count: fn(&LedgerRow) -> u64| ledger.rows.iter().map(count).fold(0u64, u64::saturating_add);
    let (produced, delivered) = (of(|row| row.produced), of(|row| row.delivered));
    let lost = of(|row| row.lost_full.saturating_add(row.lost_other));
    let (word, style) = if ledger.balanced { ("adds up", theme.good) } else { ("under way", theme.warn) };
    let line = format!(": {produced} produced, {delivered} delivered, {lost} lost");
    let mut more = String::new();
    if ledger.unattributed > 0 {
        more.extend([format!(", {} unattributed", ledger.unattributed)]);
    }
    if node.missed.packets() > 0 || node.missed.flows() > 0 {
        let (packets, flows) = (node.missed.packets(), node.missed.flows());
        more.extend([format!(", this program missed {packets} packets and {flows} replies of flows")]);
    }
    if node.evicted > 0 {
        more.extend([format!(", {} flows evicted", node.evicted)]);
    }
    let pieces = [
        (" ", theme.text),
        (word, style),
        (" ", theme.text),
        (node.name.as_str(), theme.title),
        (line.as_str(), theme.text),
        (more.as_str(), theme.warn),
    ];
    print_all(buffer, area, pieces);
}

const HEADS: [Head; 9] = [
    words("NODE", [8, 8, 30], 3),
    number("CPU", 3, 2),
    words("HOOK", [14, 14, 14], 0),
    number("PRODUCED", 9, 1),
    number("DELIVERED", 9, 4),
    number("FULL", 6, 5),
    number("OTHER", 6, 6),
    number("DEAF", 6, 7),
    number("UNREADABLE", 10, 8),
];
