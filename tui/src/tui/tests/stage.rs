//! A program and its screen, driven by hand.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use wgtrace_api::v1::Told;

use super::scene::NOW;
use crate::tui::app::{App, Start};
use crate::tui::keys::Keymap;
use crate::tui::msg::{Effect, Msg};
use crate::tui::theme::{Depth, Shade, Theme};
use crate::tui::views;

/// A program that was told nothing yet, of three daemons.
pub(super) fn app(size: (u16, u16), depth: Depth) -> App {
    let start = Start {
        keymap: Keymap::new(&BTreeMap::new()).unwrap(),
        theme: Theme::new(Shade::Dark, depth),
        size: Size { width: size.0, height: size.1 },
        servers: 3,
        filter_text: String::new(),
        filter: "".parse().unwrap(),
    };
    App::new(start, NOW)
}

/// The same, and it was told all this.
pub(super) fn told(size: (u16, u16), all: &[Told]) -> App {
    let mut app = app(size, Depth::Indexed);
    for told in all {
        app.update(Msg::Told(Box::new(told.clone())), NOW);
    }
    settled(&mut app);
    app
}

/// Whatever waits for time to go by is done.
pub(super) fn settled(app: &mut App) {
    app.update(Msg::Tick, NOW + 900_000_000);
    app.update(Msg::Tick, NOW + 950_000_000);
}

/// Types keys as they are written: words in angle brackets are keys, all else characters.
pub(super) fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for event in events(keys) {
        effects.extend(app.update(Msg::Key(event), NOW + 950_000_000));
    }
    effects
}

pub(super) fn events(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (code, modifiers, taken) = match rest.find('>') {
            Some(end) if first == '<' && end > 1 => {
                let (code, modifiers) = named(&rest[1..end]);
                (code, modifiers, end + 1)
            }
            _ => (KeyCode::Char(first), KeyModifiers::NONE, first.len_utf8()),
        };
        events.push(KeyEvent::new(code, modifiers));
        rest = &rest[taken..];
    }
    events
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "end" => KeyCode::End,
        "pgdn" => KeyCode::PageDown,
        other => {
            let character = other.strip_prefix("ctrl-").and_then(|rest| rest.chars().next()).unwrap();
            return (KeyCode::Char(character), KeyModifiers::CONTROL);
        }
    };
    (code, KeyModifiers::NONE)
}

/// The screen as cells.
pub(super) fn cells(app: &App, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| views::draw(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen as text, each line in bars.
pub(super) fn screen(app: &App, size: (u16, u16)) -> String {
    text(&cells(app, size))
}

pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for line in buffer.content.chunks(usize::from(buffer.area.width.max(1))) {
        let mut skip = 0;
        text.push('|');
        for cell in line {
            if skip == 0 {
                text.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.push_str("|\n");
    }
    text
}
