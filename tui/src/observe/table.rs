//! Columns that are as wide as what was in them so far.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::io;

/// Cells of a line.
pub(super) type Row = [String; COLUMNS];

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    widths: [usize; COLUMNS],
    has_heading: bool,
}

impl Table {
    pub(super) fn row(&mut self, row: Row) {
        self.rows.push(row.map(|cell| io::plain(&cell)));
    }

    /// Writes what was added.
    pub(super) fn drain(&mut self, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        if !std::mem::replace(&mut self.has_heading, true) {
            rows.insert(0, HEADING.map(String::from));
        }
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        for row in &rows {
            let mut line = String::new();
            for (width, cell) in self.widths.iter().zip(row) {
                let padding = width.saturating_sub(cell.width());
                // A string takes everything.
                let _ = write!(line, "{cell}{:padding$}  ", "");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

const COLUMNS: usize = 8;
const HEADING: [&str; COLUMNS] =
    ["TIMESTAMP", "NODE", "SOURCE", "DESTINATION", "SEEN AT", "ENCRYPTION", "VERDICT", "SUMMARY"];
