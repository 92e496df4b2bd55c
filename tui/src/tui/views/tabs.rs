//! The first line: views, and how many rows the one that is shown has.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{print, print_all};
use crate::tui::app::{App, Grouping, View};
use crate::tui::text::{self, Short};

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let count = count(app);
    let room = usize::from(area.width).saturating_sub(text::width(&count) + 1);
    let whole: usize = View::ALL.iter().map(|view| view.name().len() + 3).sum();
    let mut x = 0;
    for view in View::ALL {
        let is_shown = view == app.view && app.help.is_none();
        let name = if whole <= room || is_shown { view.name() } else { "" };
        let number = Short::from(format_args!("{}", view.number() + 1));
        let (number_style, style) =
            if is_shown { (theme.chosen, theme.chosen) } else { (theme.key, theme.dim) };
        let rest = Rect { x, width: area.width.saturating_sub(x), ..area };
        let gap = if name.is_empty() { "" } else { " " };
        let pieces = [(&*number, number_style), (gap, style), (name, style), (" ", theme.text)];
        x = x.saturating_add(print_all(buffer, rest, pieces));
    }
    let width = u16::try_from(text::width(&count)).unwrap_or(0).min(area.width.saturating_sub(x));
    let right = Rect { x: area.width.saturating_sub(width), width, ..area };
    print(buffer, right, &count, theme.dim);
}

fn count(app: &App) -> String {
    if app.help.is_some() {
        return "help".to_owned();
    }
    let model = app.shown();
    let of =
        |shown: usize, all: usize| if shown == all { shown.to_string() } else { format!("{shown} of {all}") };
    match app.view {
        View::Flows if app.flows.grouping != Grouping::None => {
            format!(
                "{} {}s of {} flows",
                app.flows.groups.len(),
                app.flows.grouping.name(),
                model.flows.len()
            )
        }
        View::Flows => {
            let arrow = if app.flows.sort.is_descending { 'v' } else { '^' };
            let column = super::flows::title(app.flows.sort.column);
            format!("{column}{arrow} {}", of(app.flows.lines.len(), model.flows.len()))
        }
        View::Packets => of(model.packets.rows(), model.packets.len()),
        View::Peers | View::Interfaces | View::Drops | View::Ledger | View::Events => app.rows().to_string(),
    }
}
