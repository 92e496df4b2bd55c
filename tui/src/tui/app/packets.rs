//! Which packets are in sight: the newest, or those around one that stays where it is.

use super::Cursor;
use super::cursor::Step;
use crate::tui::model::Model;

/// What the packets view remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PacketsView {
    pub(crate) is_following: bool,
    /// Numbers of the packet that keys act on and of the first in sight, while not following.
    selected: u64,
    top: u64,
}

impl Default for PacketsView {
    fn default() -> Self {
        Self { is_following: true, selected: 0, top: 0 }
    }
}

impl PacketsView {
    /// Where the cursor is among the wanted packets of the model.
    pub(crate) fn cursor(&self, model: &Model, height: usize) -> Cursor {
        let rows = model.packets.rows();
        let mut cursor = if self.is_following {
            Cursor { row: rows.saturating_sub(1), top: rows.saturating_sub(height) }
        } else {
            Cursor { row: model.packets.place(self.selected), top: model.packets.place(self.top) }
        };
        cursor.keep_in_sight(rows, height);
        cursor
    }

    /// Goes to another packet, and stays there; the last one is followed.
    pub(crate) fn step(&mut self, step: Step, model: &Model, height: usize) {
        let mut cursor = self.cursor(model, height);
        let rows = model.packets.rows();
        cursor.step(step, rows, height);
        let number = |row: usize| model.packets.number(row).unwrap_or(0);
        (self.selected, self.top) = (number(cursor.row), number(cursor.top));
        self.is_following = step == Step::Last;
    }

    /// Follows the newest, or stays where it is.
    pub(crate) fn toggle(&mut self, model: &Model, height: usize) {
        if self.is_following {
            self.step(Step::Down(0), model, height);
            self.is_following = false;
        } else {
            self.is_following = true;
        }
    }

    /// A packet that is kept no longer cannot be pointed to.
    pub(crate) fn settle(&mut self, model: &Model) {
        let oldest = model.packets.number(0).unwrap_or(0);
        self.selected = self.selected.max(oldest);
        self.top = self.top.max(oldest);
    }
}
