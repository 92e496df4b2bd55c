//! What came of it.

use std::fmt;

/// A Markdown table: what was measured, what it has to be, and whether it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(Vec<Row>);

#[derive(Debug, Clone)]
struct Row {
    what: String,
    measured: String,
    wanted: String,
    holds: bool,
}

impl Table {
    /// Adds a row.
    pub(super) fn row(
        &mut self,
        what: impl Into<String>,
        measured: impl Into<String>,
        wanted: impl Into<String>,
        holds: bool,
    ) {
        self.0.push(Row { what: what.into(), measured: measured.into(), wanted: wanted.into(), holds });
    }

    /// What does not hold.
    pub(super) fn faults(&self) -> Vec<&str> {
        self.0.iter().filter(|row| !row.holds).map(|row| row.what.as_str()).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "| What | Measured | Has to be | |\n|---|---|---|---|")?;
        self.0.iter().try_for_each(|Row { what, measured, wanted, holds }| {
            let verdict = if *holds { "ok" } else { "**FAILED**" };
            writeln!(out, "| {what} | {measured} | {wanted} | {verdict} |")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_hold_is_told() {
        let mut table = Table::default();
        table.row("kills", "3", "at least 1", true);
        table.row("descriptors", "12", "11", false);
        assert_eq!(table.faults(), ["descriptors"]);
        let expected = "| What | Measured | Has to be | |\n|---|---|---|---|\n| kills | 3 | at least 1 | ok |\n\
                        | descriptors | 12 | 11 | **FAILED** |\n";
        assert_eq!(table.to_string(), expected);
    }
}
