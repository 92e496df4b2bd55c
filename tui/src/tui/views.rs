//! The screen, drawn from what the program knows; nothing changes by being drawn.

mod cells;
mod drops;
mod events;
mod flow_details;
mod flows;
mod help;
mod hex;
mod hints;
mod interfaces;
mod layers;
mod ledger;
mod list;
mod packet_details;
mod packets;
mod pane;
mod peers;
mod status;
mod table;
mod tabs;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::app::{App, Areas, SMALLEST, View};
use super::text;

/// Draws the screen.
pub(crate) fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let size = Size { width: area.width, height: area.height };
    let Some(areas) = Areas::new(size, app.details.as_ref(), app.view) else {
        let Size { width, height } = SMALLEST;
        let line = format!("terminal too small: {}x{}, needs {width}x{height}", size.width, size.height);
        print(frame.buffer_mut(), Rect { height: area.height.min(1), ..area }, &line, app.theme.text);
        return;
    };
    let buffer = frame.buffer_mut();
    tabs::draw(app, areas.tabs, buffer);
    let screen = Rect { y: 1, height: size.height.saturating_sub(3), ..area };
    if let Some(scroll) = app.help {
        help::draw(app, scroll, screen, buffer);
    } else {
        view(app, &areas, buffer);
    }
    status::draw(app, areas.status, buffer);
    if let Some(position) = hints::draw(app, areas.hints, buffer) {
        frame.set_cursor_position(position);
    }
}

fn view(app: &App, areas: &Areas, buffer: &mut Buffer) {
    match app.view {
        View::Flows => flows::draw(app, areas, buffer),
        View::Packets => packets::draw(app, areas, buffer),
        View::Peers => peers::list(app).draw(app, areas, buffer),
        View::Interfaces => interfaces::list(app).draw(app, areas, buffer),
        View::Drops => drops::list(app).draw(app, areas, buffer),
        View::Ledger => ledger::draw(app, areas, buffer),
        View::Events => events::list(app).draw(app, areas, buffer),
    }
}

/// The row that keys act on, or its details while they are open, as text; `None` where there is no row.
pub(crate) fn copied(app: &App) -> Option<String> {
    match app.view {
        View::Flows => flows::copied(app),
        View::Packets => packets::copied(app),
        View::Peers => peers::list(app).copied(app),
        View::Interfaces => interfaces::list(app).copied(app),
        View::Drops => drops::list(app).copied(app),
        View::Ledger => ledger::copied(app),
        View::Events => events::list(app).copied(app),
    }
}

/// One line, cleaned and cut to the area; the columns that it took.
fn print(buffer: &mut Buffer, area: Rect, line: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let line = text::fit(line, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, &*line, area.width.into(), style);
    end.saturating_sub(area.x)
}

/// Pieces of one line, one behind the other as far as there is room; the columns that they took.
fn print_all<'a>(buffer: &mut Buffer, area: Rect, pieces: impl IntoIterator<Item = (&'a str, Style)>) -> u16 {
    let mut taken = 0;
    for (piece, style) in pieces {
        let rest = Rect {
            x: area.x.saturating_add(taken),
            width: area.width.saturating_sub(taken),
            height: area.height.min(1),
            ..area
        };
        taken = taken.saturating_add(print(buffer, rest, piece, style));
    }
    taken
}
