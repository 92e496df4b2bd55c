//! Where a key does something.

/// What takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Flows,
    Packets,
    Peers,
    Interfaces,
    Drops,
    Ledger,
    Events,
    Help,
    /// The line that a filter is typed into: plain characters are text there.
    FilterLine,
}

impl Place {
    /// Every place, in the order of the help.
    pub(crate) const ALL: [Self; 9] = [
        Self::Flows,
        Self::Packets,
        Self::Peers,
        Self::Interfaces,
        Self::Drops,
        Self::Ledger,
        Self::Events,
        Self::Help,
        Self::FilterLine,
    ];

    /// Its name in the help and in errors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Packets => "packets",
            Self::Peers => "peers",
            Self::Interfaces => "interfaces",
            Self::Drops => "drops",
            Self::Ledger => "ledger",
            Self::Events => "events",
            Self::Help => "help",
            Self::FilterLine => "filter line",
        }
    }
}

/// A set of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places(u16);

impl Places {
    pub(crate) const FLOWS: Self = Self::of(Place::Flows);
    pub(crate) const PACKETS: Self = Self::of(Place::Packets);
    pub(crate) const HELP: Self = Self::of(Place::Help);
    pub(crate) const FILTER_LINE: Self = Self::of(Place::FilterLine);
    /// The seven views.
    pub(crate) const VIEWS: Self = Self(0b0_0111_1111);
    /// Views and help.
    pub(crate) const SCREENS: Self = Self::VIEWS.and(Self::HELP);
    /// Where a filter applies.
    pub(crate) const FILTERED: Self = Self::FLOWS.and(Self::PACKETS);
    pub(crate) const EVERYWHERE: Self = Self::SCREENS.and(Self::FILTER_LINE);

    const fn of(place: Place) -> Self {
        Self(1 << place as u16)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the place is among these.
    pub(crate) const fn has(self, place: Place) -> bool {
        self.0 & Self::of(place).0 != 0
    }
}
