//! Flows: a row each, with its way and whether it was encrypted.

use std::borrow::Cow;

use ratatui::buffer::Buffer;

use super::table::{self, Cell, Head, Table, number, words};
use super::{cells, flow_details};
use crate::tui::app::{App, Areas, Column, Group, GroupKey, Grouping, Line};
use crate::tui::model::{Flow, Link, Model, protocol};
use crate::tui::text::Short;
use crate::tui::units;

pub(super) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let view = &app.flows;
    let model = app.shown();
    let sort = Some((view.sort.column.number(), view.sort.is_descending));
    let empty = empty(app, model);
    let table = Table {
        heads: &HEADS,
        area: areas.list,
        rows: view.lines.len(),
        cursor: view.cursor,
        sorted: sort,
        empty: &empty,
        theme: &app.theme,
    };
    table.draw(buffer, |row, column, room| cell(app, row, column, room));
    if let Some(area) = areas.fields {
        flow_details::draw(app, area, buffer);
    }
}

/// The row that keys act on as text; its details while they are open.
pub(super) fn copied(app: &App) -> Option<String> {
    if app.details.is_some() {
        return flow_details::copied(app);
    }
    let row = app.flows.cursor.row;
    app.flows.lines.get(row)?;
    Some(table::line(HEADS.len(), |column, room| cell(app, row, column, room)))
}

fn cell(app: &App, row: usize, column: usize, room: usize) -> Cell<'_> {
    let (view, model) = (&app.flows, app.shown());
    let column = Column::ALL.get(column).copied().unwrap_or(Column::Node);
    match view.lines.get(row) {
        Some(Line::Flow(slot)) => {
            model.flows.slot(*slot).map_or_else(Cell::default, |flow| of_flow(app, flow, column, room))
        }
        Some(Line::Group(number)) => {
            view.groups.get(*number).map_or_else(Cell::default, |group| of_group(app, group, column, room))
        }
        None => Cell::default(),
    }
}

/// What the column is called.
pub(super) fn title(column: Column) -> &'static str {
    HEADS.get(column.number()).map_or("", |head| head.title)
}

fn empty(app: &App, model: &Model) -> Cow<'static, str> {
    let nobody = model.nodes.shown().all(|node| node.link != Link::Up);
    if nobody && model.nodes.asked > 0 && model.flows.len() == 0 {
        return Cow::Owned(nobody_answers(model));
    }
    Cow::Borrowed(if model.flows.len() > 0 && app.filter.is_empty() {
        // they are put in order in a moment
        ""
    } else if model.flows.len() > 0 {
        "no flow is wanted by the filter: x takes it away"
    } else if app.filter_text.is_empty() {
        "no flows yet"
    } else {
        "no flows yet that the filter wants"
    })
}

/// That it is so, and for each node why, and what to do.
fn nobody_answers(model: &Model) -> String {
    let mut said = "no daemon answers".to_owned();
    for node in model.nodes.shown() {
        let Some((_, reason)) = node.gone() else { continue };
        said.push_str("\n\n");
        if !node.is_socket() {
            said.extend([&node.name, ": "]);
        }
        said.push_str(&reason.replace("; ", "\n"));
    }
    said
}

fn of_flow<'a>(app: &App, flow: &'a Flow, column: Column, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    let indent = if app.flows.grouping == Grouping::None { "" } else { "  " };
    match column {
        Column::Node => {
            let (name, style) = cells::node(app, &flow.node, room.saturating_sub(indent.len()));
            if indent.is_empty() { (name, style) } else { (format_args!("{indent}{}", &*name).into(), style) }
        }
        Column::Source => (cells::end(&flow.source, room).into(), theme.text),
        Column::Destination => (cells::end(&flow.destination, room).into(), theme.text),
        Column::Protocol if flow.is_wireguard => ("WG".into(), theme.dim),
        Column::Protocol => (protocol(flow.protocol).into(), theme.dim),
        Column::State => {
            let (name, style) = cells::state(flow.encryption, theme);
            (name.into(), style)
        }
        Column::Path => (cells::path(flow, room).into(), theme.text),
        Column::Packets => {
            let (out, back) = (units::count(flow.forward().packets), units::count(flow.backward().packets));
            (format_args!("{out}/{back}").into(), theme.text)
        }
        Column::Rate => cells::or_dash(flow.meter.per_second().bytes, units::count, theme.text, theme),
        Column::Rtt => cells::or_dash(flow.rtt, units::short, theme.text, theme),
        Column::Retransmissions => {
            cells::or_dash(flow.retransmissions.into(), units::count, theme.warn, theme)
        }
        Column::Drops => cells::or_dash(flow.dropped(), units::count, theme.bad, theme),
        Column::Age => (units::long(units::between(flow.first, app.now)).into(), theme.dim),
    }
}

fn of_group<'a>(app: &App, group: &'a Group, column: Column, room: usize) -> Cell<'a> {
    let theme = &app.theme;
    let model = app.shown();
    let mark = if app.flows.is_open(group) { "-" } else { "+" };
    let first = group.slots.first().and_then(|slot| model.flows.slot(*slot));
    let joined = matches!(group.key, GroupKey::Flow { .. });
    match column {
        Column::Node => {
            let what = if joined { "nodes" } else { "flows" };
            (
                format_args!("{mark} {} {what}", units::count(u64::try_from(group.flows).unwrap_or(0)))
                    .into(),
                theme.key,
            )
        }
        Column::Source => match (&group.key, first) {
            (GroupKey::Nothing, _) => (format_args!("(no {})", app.flows.grouping.name()).into(), theme.dim),
            (GroupKey::Name(name), _) => ((**name).into(), theme.title),
            (GroupKey::Flow { .. }, Some(flow)) => (cells::end(&flow.source, room).into(), theme.title),
            (GroupKey::Flow { .. }, None) => Cell::default(),
        },
        Column::Destination => match first.filter(|_| joined) {
            Some(flow) => (cells::end(&flow.destination, room).into(), theme.title),
            None => Cell::default(),
        },
        Column::Protocol => match first.filter(|_| joined) {
            Some(flow) => (protocol(flow.protocol).into(), theme.dim),
            None => Cell::default(),
        },
        Column::Path if joined => {
            let ways = group.slots.iter().filter_map(|slot| model.flows.slot(*slot));
            let mut joined = Short::new();
            for way in ways.map(|flow| cells::path(flow, room)) {
                joined.push_str(if joined.is_empty() { "" } else { " => " });
                joined.push_str(&way);
            }
            (joined.into(), theme.text)
        }
        Column::Path | Column::Age => Cell::default(),
        Column::State => {
            let (name, style) = cells::state(group.encryption, theme);
            (name.into(), style)
        }
        Column::Packets => (units::count(group.packets).into(), theme.text),
        Column::Rate => cells::or_dash(group.rate.bytes, units::count, theme.text, theme),
        Column::Rtt => cells::or_dash(group.rtt, units::short, theme.text, theme),
        Column::Retransmissions => cells::or_dash(group.retransmissions, units::count, theme.warn, theme),
        Column::Drops => cells::or_dash(group.drops, units::count, theme.bad, theme),
    }
}

/// In the order of [`Column::ALL`].
const HEADS: [Head; 12] = [
    words("NODE", [7, 8, 24], 5),
    words("SOURCE", [13, 16, 36], 0),
    words("DESTINATION", [13, 16, 36], 1),
    words("PROTO", [5, 5, 5], 6),
    words("STATE", [9, 9, 9], 2),
    words("PATH", [20, 29, 56], 3),
    number("OUT/IN", 9, 4),
    number("B/S", 5, 7),
    number("RTT", 7, 8),
    number("RETR", 5, 10),
    number("DROPS", 5, 9),
    number("AGE", 6, 11),
];
