//! A pane below or beside a list: a title, and lines that can be scrolled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{print, print_all};
use crate::tui::text;
use crate::tui::theme::Theme;

/// Pieces of one line.
pub(super) type Pieces = Vec<(String, Style)>;

/// Draws a pane; the one that keys move has its title marked.
pub(super) fn draw(
    title: &str,
    lines: &[Pieces],
    scroll: usize,
    has_focus: bool,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let room = usize::from(area.height.saturating_sub(1));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    let left = lines.len().saturating_sub(scroll).saturating_sub(room);
    let more = if left > 0 { format!(" +{left} lines") } else { String::new() };
    let style = if has_focus { theme.chosen } else { theme.dim };
    let head = Rect { height: 1, ..area };
    let taken = print_all(
        buffer,
        head,
        [("── ", theme.dim), (title, style), (more.as_str(), theme.dim), (" ", style)],
    );
    let rest = usize::from(area.width.saturating_sub(taken));
    let rule = Rect { x: area.x.saturating_add(taken), width: area.width.saturating_sub(taken), ..head };
    print(buffer, rule, &"─".repeat(rest), theme.dim);
    for (y, line) in (area.y.saturating_add(1)..area.bottom()).zip(lines.iter().skip(scroll)) {
        let row = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(1), y, height: 1 };
        print_all(buffer, row, line.iter().map(|(piece, style)| (piece.as_str(), *style)));
    }
}

/// What stands there, whether or not it is in sight.
pub(super) fn text(lines: &[Pieces]) -> String {
    let line = |line: &Pieces| -> String { line.iter().map(|(piece, _)| text::clean(piece)).collect() };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A line of a name and what it is.
pub(super) fn field(name: &str, value: impl Into<String>, style: Style, theme: &Theme) -> Pieces {
    let gap = NAME.saturating_sub(text::width(name)).max(1);
    vec![(format!("{name}{}", " ".repeat(gap)), theme.dim), (value.into(), style)]
}

/// Columns of the name.
const NAME: usize = 14;
