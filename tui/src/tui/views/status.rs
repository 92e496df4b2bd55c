//! The line that always tells how things are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::print_all;
use crate::tui::app::App;
use crate::tui::units;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let model = app.live();
    let (up, all) = model.nodes.connected();
    let mut pieces: Vec<(String, Style)> = Vec::new();
    let node_style = if up == all { theme.good } else { theme.bad };
    pieces.push((format!("nodes {up}/{all}"), node_style));
    pieces.push((format!("{} ev/s", units::count(model.nodes.events_per_second())), theme.text));
    let lost = model.nodes.lost();
    pieces.push((format!("lost {}", units::count(lost)), if lost == 0 { theme.text } else { theme.bad }));
    let missed = model.nodes.missed();
    if missed > 0 {
        pieces.push((format!("missed {}", units::count(missed)), theme.warn));
    }
    if let Some(new) = app.held_back() {
        pieces.push((format!("PAUSED +{}", units::count(new)), theme.warn));
    }
    if let Some(end) = &app.ended {
        pieces.push((end.clone(), theme.warn));
    }
    if !app.filter_text.is_empty() {
        pieces.push((format!("filter {}", app.filter_text), theme.key));
    }
    for node in model.nodes.shown() {
        if let Some((since, reason)) = node.gone() {
            let age = units::long(units::between(since, app.now));
            pieces.push((format!("{} gone {age}: {reason}", node.name), theme.bad));
        }
    }
    for node in model.nodes.shown() {
        let faults = node.status.iter().flat_map(|status| &status.faults);
        for fault in faults {
            pieces.push((format!("{}: {fault}", node.name), theme.warn));
        }
    }
    let separated = pieces.iter().flat_map(|(piece, style)| [(piece.as_str(), *style), ("  ", theme.text)]);
    print_all(buffer, area, separated);
}
