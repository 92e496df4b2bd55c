//! What several views show in the same way.

use ratatui::style::Style;
use wgtrace_api::v1::EncryptionState;

use super::table::Cell;
use crate::tui::app::App;
use crate::tui::model::{Endpoint, Flow, Link};
use crate::tui::text::{self, Short};
use crate::tui::theme::Theme;

/// Whether it was encrypted, in one word.
pub(super) fn state(state: EncryptionState, theme: &Theme) -> (&'static str, Style) {
    match state {
        EncryptionState::None => ("-", theme.dim),
        EncryptionState::Encrypted => ("ENCRYPTED", theme.good),
        EncryptionState::Clear => ("CLEAR", theme.warn),
        EncryptionState::Leak => ("LEAK", theme.bad),
    }
}

/// A node's name, without what the names of all nodes begin with where there is no room for it; marked if it is gone.
pub(super) fn node<'a>(app: &App, name: &'a str, room: usize) -> Cell<'a> {
    let nodes = &app.live().nodes;
    let is_gone = nodes.shown().any(|node| node.name == name && matches!(node.link, Link::Gone { .. }));
    let style = if is_gone { app.theme.bad } else { app.theme.dim };
    let shown = if text::width(name) <= room { name } else { name.get(common(app)..).unwrap_or(name) };
    (shown.into(), style)
}

/// Bytes that the names of all nodes have in common, up to a hyphen.
fn common(app: &App) -> usize {
    let mut names = app.live().nodes.shown().filter(|node| !node.is_socket()).map(|node| node.name.as_str());
    let Some(first) = names.next() else { return 0 };
    let same = |one: &str, other: &str| {
        one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
    };
    let mut others = 0;
    let common = names.fold(first.len(), |common, name| {
        others += 1;
        common.min(same(first, name))
    });
    let common = first.get(..common).unwrap_or_default();
    if others == 0 { 0 } else { common.rfind('-').map_or(0, |hyphen| hyphen.saturating_add(1)) }
}

/// One end, without its namespace where there is no room for it.
pub(super) fn end(end: &Endpoint, room: usize) -> Short {
    let whole = Short::from(format_args!("{end}"));
    if text::width(&whole) <= room || end.pod.is_empty() {
        return whole;
    }
    match whole.split_once('/') {
        Some((_, name)) => name.into(),
        None => whole,
    }
}

/// Its way from interface to interface, with shorter arrows where there is no room.
pub(super) fn path(flow: &Flow, room: usize) -> Short {
    let joined = |arrow: &str| {
        let mut whole = Short::new();
        for interface in flow.path() {
            if !whole.is_empty() {
                whole.push_str(arrow);
            }
            whole.push_str(interface);
        }
        whole
    };
    let whole = joined(" -> ");
    if text::width(&whole) > room { joined(">") } else { whole }
}

/// A number, or nothing much where there is none.
pub(super) fn or_dash(
    value: u64,
    shown: impl FnOnce(u64) -> Short,
    style: Style,
    theme: &Theme,
) -> Cell<'static> {
    if value == 0 { ("-".into(), theme.dim) } else { (shown(value).into(), style) }
}
