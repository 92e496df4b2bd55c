//! The last line: what keys do here, something to be said, or the filter that is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{print, print_all};
use crate::tui::app::{App, Editor};
use crate::tui::text::{self, Short};

/// Where the cursor of the terminal belongs, if anywhere.
pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let position = app.editor.as_ref().map(|editor| line(app, editor, area, buffer));
    if position.is_some() {
        return position;
    }
    if let Some(notice) = &app.notice {
        print(buffer, area, &notice.text, theme.warn);
        return None;
    }
    let mut x = 0u16;
    for (binding, chords) in app.keymap.bound() {
        let Some(chord) =
            chords.first().filter(|_| !binding.hint.is_empty() && binding.places.has(app.place()))
        else {
            continue;
        };
        let key = Short::from(format_args!("{chord}"));
        let needed = key.len() + binding.hint.len() + 3;
        let rest = Rect { x, width: area.width.saturating_sub(x), ..area };
        if needed > usize::from(rest.width) {
            break;
        }
        let pieces = [(&*key, theme.key), (" ", theme.text), (binding.hint, theme.dim), ("  ", theme.text)];
        x = x.saturating_add(print_all(buffer, rest, pieces));
    }
    None
}

/// The filter, as much of it as is around the cursor, and behind it what is wrong or what could come.
fn line(app: &App, editor: &Editor, area: Rect, buffer: &mut Buffer) -> Position {
    let theme = &app.theme;
    let behind = behind(app, editor);
    let taken = print(buffer, area, "/", theme.key);
    let (before, after) = editor.halves();
    let room = usize::from(area.width.saturating_sub(taken));
    let for_text = room.saturating_sub(text::width(&behind).min(room / 2) + 3);
    let before = text::fit_end(before, for_text);
    let after = text::fit(after, for_text.saturating_sub(text::width(&before)));
    let rest = Rect { x: area.x + taken, width: area.width.saturating_sub(taken), ..area };
    let is_wrong = editor.error.is_some() || app.notice.is_some();
    let style = if is_wrong { theme.warn } else { theme.dim };
    print_all(
        buffer,
        rest,
        [(&*before, theme.title), (&*after, theme.title), ("   ", theme.text), (&*behind, style)],
    );
    let column = u16::try_from(text::width(&before)).unwrap_or(0);
    let x = rest.x.saturating_add(column).min(area.right().saturating_sub(1));
    Position { x, y: area.y }
}

fn behind(app: &App, editor: &Editor) -> String {
    if let Some(notice) = &app.notice {
        return notice.text.clone();
    }
    let suggestions = || {
        let some: Vec<&str> = editor.suggestions.iter().take(6).map(|one| one.text.as_str()).collect();
        some.join("  ")
    };
    match &editor.error {
        Some(error) if editor.suggestions.is_empty() => error.to_string(),
        Some(_) | None if !editor.suggestions.is_empty() => suggestions(),
        Some(_) | None => String::new(),
    }
}
