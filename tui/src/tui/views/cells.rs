//! What several views show in the same way.

use ratatui::style::Style;
use wgtrace_api::v1::EncryptionState;

use super::table::Cell;
use crate::tui::model::{Endpoint, Flow};
use crate::tui::text;
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

/// One end, without its namespace where there is no room for it.
pub(super) fn end(end: &Endpoint, room: usize) -> String {
    let whole = end.to_string();
    if text::width(&whole) <= room || end.pod.is_empty() {
        return whole;
    }
    whole.split_once('/').map_or_else(|| whole.clone(), |(_, name)| name.to_owned())
}

/// Its way from interface to interface, with shorter arrows where there is no room.
pub(super) fn path(flow: &Flow, room: usize) -> String {
    let mut whole = String::new();
    for interface in flow.path() {
        if !whole.is_empty() {
            whole.push_str(" -> ");
        }
        whole.push_str(interface);
    }
    if text::width(&whole) > room { whole.replace(" -> ", ">") } else { whole }
}

/// A number, or nothing much where there is none.
pub(super) fn or_dash(value: u64, shown: impl FnOnce(u64) -> String, style: Style, theme: &Theme) -> Cell<'static> {
    if value == 0 { ("-".into(), theme.dim) } else { (shown(value).into(), style) }
}
