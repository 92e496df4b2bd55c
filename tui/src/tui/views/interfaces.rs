//! Interfaces and the programs on them.

use wgtrace_api::v1::Interface;

use super::cells;
use super::list::List;
use super::pane::{Pieces, field};
use super::table::{Cell, Head, number, words};
use crate::tui::app::{App, View, interface_rows};
use crate::tui::model::Node;

pub(super) fn list(app: &App) -> List<'_, (&Node, &Interface)> {
    List {
        view: View::Interfaces,
        heads: &HEADS,
        rows: interface_rows(app.shown()).collect(),
        empty: "no interfaces yet",
        cell: |app, &(node, interface), column, room| cell(app, node, interface, column, room),
        details: ("interface", |app, (node, interface)| lines(app, node, interface)),
    }
}

fn cell<'a>(app: &App, node: &'a Node, interface: &'a Interface, column: usize, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    match column {
        0 => cells::node(app, &node.name, room),
        1 => (interface.name.as_str().into(), theme.text),
        2 => (interface.role.as_str().into(), theme.text),
        3 if interface.up => ("up".into(), theme.good),
        3 => ("DOWN".into(), theme.bad),
        4 => (interface.mtu.to_string().into(), theme.text),
        5 => (interface.index.to_string().into(), theme.dim),
        6 => (interface.addresses.join(", ").into(), theme.text),
        7 => (interface.programs.join(", ").into(), theme.text),
        _ => (interface.mac.as_str().into(), theme.dim),
    }
}

fn lines(app: &App, node: &Node, interface: &Interface) -> Vec<Pieces> {
    let theme = &app.theme;
    let mut lines = vec![
        field(
            "name",
            format!("{}, index {} of {}", interface.name, interface.index, node.name),
            theme.text,
            theme,
        ),
        field("role", interface.role.clone(), theme.text, theme),
        field("mtu", interface.mtu.to_string(), theme.text, theme),
        field("mac", interface.mac.clone(), theme.text, theme),
        field("addresses", interface.addresses.join(", "), theme.text, theme),
    ];
    if !interface.container_id.is_empty() {
        lines.push(field("container", interface.container_id.clone(), theme.text, theme));
    }
    lines.extend(
        interface.programs.iter().map(|program| field("program", program.clone(), theme.text, theme)),
    );
    lines
}

const HEADS: [Head; 9] = [
    words("NODE", [8, 8, 24], 3),
    words("INTERFACE", [15, 15, 15], 0),
    words("ROLE", [9, 9, 9], 1),
    words("STATE", [5, 5, 5], 2),
    number("MTU", 5, 4),
    number("INDEX", 5, 9),
    words("ADDRESSES", [14, 18, 36], 5),
    words("PROGRAMS", [14, 30, 64], 6),
    words("MAC", [17, 17, 17], 8),
];
