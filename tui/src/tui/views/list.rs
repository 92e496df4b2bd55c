//! Views that are a table, with the details of its row below.

use ratatui::buffer::Buffer;

use super::pane::{self, Pieces};
use super::table::{self, Cell, Head, Table};
use crate::tui::app::{App, Areas, Cursor, Pane, View};

/// Such a view.
pub(super) struct List<'a, R> {
    pub(super) view: View,
    pub(super) heads: &'a [Head],
    pub(super) rows: Vec<R>,
    /// What is said when there are no rows.
    pub(super) empty: &'a str,
    /// By row, column and width.
    pub(super) cell: fn(&'a App, &R, usize, usize) -> Cell<'a>,
    /// The pane's title, and what stands there of a row.
    pub(super) details: (&'a str, Lines<R>),
}

/// What stands in the pane of a row.
pub(super) type Lines<R> = fn(&App, &R) -> Vec<Pieces>;

impl<'a, R> List<'a, R> {
    pub(super) fn draw(&self, app: &'a App, areas: &Areas, buffer: &mut Buffer) {
        let cursor = self.cursor(app);
        let table = Table {
            heads: self.heads,
            area: areas.list,
            rows: self.rows.len(),
            cursor,
            sorted: None,
            empty: self.empty,
            theme: &app.theme,
        };
        table.draw(buffer, |row, column, room| {
            self.rows.get(row).map_or_else(Cell::default, |row| (self.cell)(app, row, column, room))
        });
        if let Some(area) = areas.fields {
            let details = app.details.unwrap_or_default();
            let (title, lines) = self.details;
            let lines = self.rows.get(cursor.row).map(|row| lines(app, row)).unwrap_or_default();
            let has_focus = details.focus == Pane::Fields;
            pane::draw(title, &lines, details.fields, has_focus, &app.theme, area, buffer);
        }
    }

    /// The row that keys act on as text; its details while they are open.
    pub(super) fn copied(&self, app: &'a App) -> Option<String> {
        let row = self.rows.get(self.cursor(app).row)?;
        if app.details.is_some() {
            let (_, lines) = self.details;
            return Some(pane::text(&lines(app, row)));
        }
        Some(table::line(self.heads.len(), |column, room| (self.cell)(app, row, column, room)))
    }

    fn cursor(&self, app: &App) -> Cursor {
        app.cursors.get(self.view.number()).copied().unwrap_or_default()
    }
}
