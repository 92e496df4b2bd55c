//! A row among rows, and which of them are in sight.

/// The row that keys act on, and the first one in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    pub(crate) row: usize,
    pub(crate) top: usize,
}

/// A move of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Up(usize),
    Down(usize),
    First,
    Last,
}

impl Cursor {
    /// The row after a step, of so many.
    pub(crate) fn stepped(row: usize, step: Step, rows: usize) -> usize {
        let last = rows.saturating_sub(1);
        match step {
            Step::Up(by) => row.min(last).saturating_sub(by),
            Step::Down(by) => row.saturating_add(by).min(last),
            Step::First => 0,
            Step::Last => last,
        }
    }

    /// Goes to another row.
    pub(crate) fn step(&mut self, step: Step, rows: usize, height: usize) {
        self.row = Self::stepped(self.row, step, rows);
        self.keep_in_sight(rows, height);
    }

    /// What it points to is now there: it stays on its line of the screen.
    pub(crate) fn follow(&mut self, row: usize, rows: usize, height: usize) {
        let line = self.row.saturating_sub(self.top);
        self.row = row;
        self.top = row.saturating_sub(line);
        self.keep_in_sight(rows, height);
    }

    /// The row is one of those that there are, and in sight.
    pub(crate) fn keep_in_sight(&mut self, rows: usize, height: usize) {
        self.row = self.row.min(rows.saturating_sub(1));
        let lowest = self.row.saturating_add(1).saturating_sub(height.max(1));
        self.top = self.top.clamp(lowest, self.row).min(rows.saturating_sub(height));
        self.top = self.top.min(self.row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_always_in_sight() {
        let mut cursor = Cursor::default();
        cursor.step(Step::Down(30), 100, 10);
        assert_eq!(cursor, Cursor { row: 30, top: 21 });
        cursor.step(Step::Up(3), 100, 10);
        assert_eq!(cursor, Cursor { row: 27, top: 21 });
        cursor.step(Step::Last, 100, 10);
        assert_eq!(cursor, Cursor { row: 99, top: 90 });
        cursor.keep_in_sight(5, 10);
        assert_eq!(cursor, Cursor { row: 4, top: 0 });
        cursor.keep_in_sight(0, 0);
        assert_eq!(cursor, Cursor { row: 0, top: 0 });
    }

    #[test]
    fn a_row_that_moves_stays_on_its_line() {
        let mut cursor = Cursor { row: 25, top: 20 };
        cursor.follow(60, 100, 10);
        assert_eq!(cursor, Cursor { row: 60, top: 55 });
        cursor.follow(2, 100, 10);
        assert_eq!(cursor, Cursor { row: 2, top: 0 });
    }
}
