//! What keys do, from their table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{print, print_all};
use crate::tui::app::App;
use crate::tui::keys::{Chord, Place};
use crate::tui::text;

pub(super) fn draw(app: &App, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let lines = lines(app);
    let most = lines.len().saturating_sub(usize::from(area.height));
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(scroll.min(most))) {
        let row = Rect { y, height: 1, ..area };
        match line {
            HelpLine::Title(title) => {
                print(buffer, row, title, app.theme.title);
            }
            HelpLine::Keys { keys, help } => {
                let gap = " ".repeat(KEYS.saturating_sub(text::width(keys)).max(1));
                let pieces: [(&str, Style); 4] = [
                    ("  ", app.theme.text),
                    (keys, app.theme.key),
                    (&gap, app.theme.text),
                    (help, app.theme.text),
                ];
                print_all(buffer, row, pieces);
            }
            HelpLine::Text(line) => {
                print(buffer, row, line, app.theme.dim);
            }
        }
    }
}

enum HelpLine {
    Title(&'static str),
    Keys { keys: String, help: &'static str },
    Text(&'static str),
}

fn lines(app: &App) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let is_line_only = |places: crate::tui::keys::Places| {
        places.has(Place::FilterLine)
            && Place::ALL.iter().all(|place| *place == Place::FilterLine || !places.has(*place))
    };
    let is_own = |places: crate::tui::keys::Places| !places.has(Place::Peers) && !is_line_only(places);
    for (title, section) in [("Keys", 0), ("In the flows and packets", 1), ("In the filter line", 2)] {
        lines.push(HelpLine::Title(title));
        for (binding, chords) in app.keymap.bound() {
            let of = match binding.places {
                places if is_line_only(places) => 2,
                places if is_own(places) => 1,
                _ => 0,
            };
            if of == section && !chords.is_empty() {
                let keys: Vec<String> = chords.iter().map(Chord::to_string).collect();
                lines.push(HelpLine::Keys { keys: keys.join(", "), help: binding.help });
            }
        }
        lines.push(HelpLine::Text(""));
    }
    lines.push(HelpLine::Title("Filters"));
    lines.extend(FILTERS.iter().map(|line| HelpLine::Text(line)));
    lines
}

/// Columns of the keys.
const KEYS: usize = 18;

const FILTERS: [&str; 8] = [
    "  pod=net and port 32000 and not icmp      words are joined by and, or, not, ( )",
    "  ip 10.0.2.0/24   src pod=net   dst port 53   port 8000-8080",
    "  tcp   udp   icmp   proto 47   state=established",
    "  encrypted   clear   leak   wireguard   message=initiation",
    "  iface cilium_wg0   hook from-container   node=worker2   peer=IKwg",
    "  drop   drop_reason=132   verdict=forwarded",
    "",
    "Keys are rebound in the configuration file: [keys] quit = [\"q\", \"ctrl-q\"]",
];
