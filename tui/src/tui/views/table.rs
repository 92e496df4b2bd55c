//! Tables: columns that go when there is no room for them, rows of which only those in sight are made.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::print;
use crate::tui::app::Cursor;
use crate::tui::text::{self, CellText, Short};
use crate::tui::theme::Theme;

/// A column: its title, how wide it is, and when it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) title: &'static str,
    pub(super) least: u16,
    /// Wide enough for most of what stands in it.
    pub(super) good: u16,
    pub(super) most: u16,
    /// The greater, the sooner it goes. From [`LUXURY`] on it is there only once the others are wide enough.
    pub(super) rank: u8,
    pub(super) is_number: bool,
}

pub(super) const fn words(title: &'static str, [least, good, most]: [u16; 3], rank: u8) -> Head {
    Head { title, least, good, most, rank, is_number: false }
}

pub(super) const fn number(title: &'static str, width: u16, rank: u8) -> Head {
    Head { title, least: width, good: width, most: width, rank, is_number: true }
}

/// What stands in a cell.
pub(super) type Cell<'a> = (CellText<'a>, Style);

/// A table, to be drawn.
pub(super) struct Table<'a> {
    pub(super) heads: &'a [Head],
    pub(super) area: Rect,
    pub(super) rows: usize,
    pub(super) cursor: Cursor,
    /// The column that rows are ordered by, and whether the greatest comes first.
    pub(super) sorted: Option<(usize, bool)>,
    /// What is said, on a line or more, when there are no rows.
    pub(super) empty: &'a str,
    pub(super) theme: &'a Theme,
}

impl Table<'_> {
    /// Draws it; a cell is asked for by row, column and width.
    pub(super) fn draw<'c>(self, buffer: &mut Buffer, mut cell: impl FnMut(usize, usize, usize) -> Cell<'c>) {
        let Self { heads, area, rows, cursor, sorted, empty, theme } = self;
        if area.is_empty() {
            return;
        }
        let columns = columns(heads, area.width.saturating_sub(MARK));
        let at = |line: u16, (x, width): (u16, u16)| Rect {
            x: area.x.saturating_add(MARK).saturating_add(x),
            y: area.y.saturating_add(line),
            width,
            height: 1,
        };
        for (number, place) in &columns {
            let Some(head) = heads.get(*number) else { continue };
            let (title, style) = match sorted {
                Some((by, true)) if by == *number => (format_args!("{}v", head.title).into(), theme.chosen),
                Some((by, false)) if by == *number => (format_args!("{}^", head.title).into(), theme.chosen),
                Some(_) | None => (Short::from(head.title), theme.dim),
            };
            put(buffer, at(0, *place), &title, style, head.is_number);
        }
        if rows == 0 {
            for (y, said) in (area.y.saturating_add(2)..area.bottom()).zip(empty.lines()) {
                let x = area.x.saturating_add(MARK);
                let line = Rect { x, y, width: area.width.saturating_sub(MARK), height: 1 };
                print(buffer, line, said, theme.dim);
            }
            return;
        }
        for (line, row) in (1..area.height).zip(cursor.top..rows) {
            for (number, place) in &columns {
                let Some(head) = heads.get(*number) else { continue };
                let (text, style) = cell(row, *number, usize::from(place.1));
                put(buffer, at(line, *place), &text, style, head.is_number);
            }
            if row == cursor.row {
                let y = area.y.saturating_add(line);
                buffer.set_style(Rect { y, height: 1, ..area }, theme.selected);
                print(buffer, Rect { y, width: 1, height: 1, ..area }, ">", theme.selected);
            }
        }
    }
}

/// A row of so many columns as text, nothing of it cut.
pub(super) fn line<'c>(columns: usize, mut cell: impl FnMut(usize, usize) -> Cell<'c>) -> String {
    let cells = (0..columns).map(|column| text::clean(&cell(column, usize::MAX).0).into_owned());
    cells.collect::<Vec<_>>().join("  ")
}

fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style, is_number: bool) {
    let room = usize::from(area.width);
    let text = text::fit(text, room);
    let free = if is_number { room.saturating_sub(text::width(&text)) } else { 0 };
    let free = u16::try_from(free).unwrap_or(0);
    let area = Rect { x: area.x.saturating_add(free), width: area.width.saturating_sub(free), ..area };
    print(buffer, area, &text, style);
}

/// The columns that there is room for, with their first column of the screen and their width.
fn columns(heads: &[Head], width: u16) -> Vec<(usize, (u16, u16))> {
    // between two columns is a blank, and behind the last one none
    let room = width.saturating_add(1);
    let mut by_rank: Vec<(usize, &Head)> = heads.iter().enumerate().collect();
    by_rank.sort_by_key(|(_, head)| head.rank);
    let mut kept: Vec<(usize, &Head)> = Vec::with_capacity(heads.len());
    for (number, head) in by_rank {
        let wide = |of: fn(&Head) -> u16| {
            let all = kept.iter().map(|(_, head)| *head).chain([head]);
            all.map(|head| of(head).saturating_add(1)).fold(0, u16::saturating_add)
        };
        let needed = if head.rank < LUXURY { wide(|head| head.least) } else { wide(|head| head.good) };
        if needed > room && !kept.is_empty() {
            break;
        }
        kept.push((number, head));
    }
    kept.sort_by_key(|(number, _)| *number);
    let mut widths: Vec<u16> = kept.iter().map(|(_, head)| head.least).collect();
    let taken = widths.iter().map(|width| width.saturating_add(1)).fold(0, u16::saturating_add);
    let mut free = room.saturating_sub(taken);
    for of in [|head: &Head| head.good, |head: &Head| head.most] {
        while free > 0 {
            let wants = kept
                .iter()
                .zip(&mut widths)
                .map(|((_, head), width)| (of(head).saturating_sub(*width), width));
            // of those that want as much, the first
            let most = wants.rev().max_by_key(|(wants, _)| *wants);
            let Some((1.., width)) = most else { break };
            *width = width.saturating_add(1);
            free = free.saturating_sub(1);
        }
    }
    let mut x = 0u16;
    let mut places = Vec::with_capacity(kept.len());
    for ((number, _), wide) in kept.into_iter().zip(widths) {
        places.push((number, (x, wide.min(width.saturating_sub(x)))));
        x = x.saturating_add(wide).saturating_add(1);
    }
    places
}

/// The rank from which on a column is there for those with much room.
pub(super) const LUXURY: u8 = 7;

/// Columns before the first, for the mark of the row that keys act on.
const MARK: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [Head; 4] =
        [words("A", [10, 12, 20], 0), number("B", 5, 2), words("C", [10, 10, 10], 1), number("D", 5, LUXURY)];

    #[test]
    fn the_least_important_columns_go_first_and_the_others_grow() {
        let shown = |width| columns(&HEADS, width);
        assert_eq!(shown(35), [(0, (0, 12)), (1, (13, 5)), (2, (19, 10)), (3, (30, 5))]);
        assert_eq!(shown(34), [(0, (0, 17)), (1, (18, 5)), (2, (24, 10))]);
        assert_eq!(shown(27), [(0, (0, 10)), (1, (11, 5)), (2, (17, 10))]);
        assert_eq!(shown(26), [(0, (0, 15)), (2, (16, 10))]);
        assert_eq!(shown(4), [(0, (0, 4))]);
        assert_eq!(shown(60)[0], (0, (0, 20)));
    }
}
