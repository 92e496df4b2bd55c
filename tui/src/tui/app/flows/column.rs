//! Columns of the flows, and the order by one of them.

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    Node,
    Source,
    Destination,
    Protocol,
    State,
    Path,
    Packets,
    Rate,
    Rtt,
    Retransmissions,
    Drops,
    Age,
}

impl Column {
    /// Every column, in the order in which they are drawn.
    pub(crate) const ALL: [Self; 12] = [
        Self::Node,
        Self::Source,
        Self::Destination,
        Self::Protocol,
        Self::State,
        Self::Path,
        Self::Packets,
        Self::Rate,
        Self::Rtt,
        Self::Retransmissions,
        Self::Drops,
        Self::Age,
    ];

    /// Its place among all.
    pub(crate) const fn number(self) -> usize {
        self as usize
    }

    /// Whether it is ordered as words are.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Self::Node | Self::Source | Self::Destination | Self::Path)
    }
}

/// By which column rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: Column,
    pub(crate) is_descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self::by(Column::Rate)
    }
}

impl Sort {
    /// Words from the first on, numbers from the greatest; the youngest first.
    pub(crate) fn by(column: Column) -> Self {
        let is_ascending = column.is_text() || matches!(column, Column::Protocol | Column::Age);
        Self { column, is_descending: !is_ascending }
    }

    /// By the column so many further, round and round.
    pub(crate) fn moved(self, by: usize) -> Self {
        let at = self.column.number().saturating_add(by) % Column::ALL.len();
        Self::by(Column::ALL.get(at).copied().unwrap_or(self.column))
    }

    /// By this column; if it is that already, the other way round.
    pub(crate) fn turned_to(self, column: Column) -> Self {
        if self.column == column { self.reversed() } else { Self::by(column) }
    }

    pub(crate) fn reversed(self) -> Self {
        Self { is_descending: !self.is_descending, ..self }
    }
}
