//! The seven views.

use crate::tui::keys::Place;

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum View {
    Flows,
    Packets,
    Peers,
    Interfaces,
    Drops,
    Ledger,
    Events,
}

impl View {
    /// Every view, in the order of the tabs.
    pub(crate) const ALL: [Self; 7] =
        [Self::Flows, Self::Packets, Self::Peers, Self::Interfaces, Self::Drops, Self::Ledger, Self::Events];

    pub(crate) const fn number(self) -> usize {
        self as usize
    }

    /// The view so many tabs further, round and round.
    pub(crate) fn next(self, by: usize) -> Self {
        let at = self.number().saturating_add(by) % Self::ALL.len();
        Self::ALL.get(at).copied().unwrap_or(self)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flows => "Flows",
            Self::Packets => "Packets",
            Self::Peers => "Peers",
            Self::Interfaces => "Interfaces",
            Self::Drops => "Drops",
            Self::Ledger => "Ledger",
            Self::Events => "Events",
        }
    }

    /// Where keys go while it is shown.
    pub(crate) const fn place(self) -> Place {
        match self {
            Self::Flows => Place::Flows,
            Self::Packets => Place::Packets,
            Self::Peers => Place::Peers,
            Self::Interfaces => Place::Interfaces,
            Self::Drops => Place::Drops,
            Self::Ledger => Place::Ledger,
            Self::Events => Place::Events,
        }
    }

    /// Whether a row has more to tell than fits it.
    pub(crate) const fn has_details(self) -> bool {
        matches!(
            self,
            Self::Flows | Self::Packets | Self::Peers | Self::Drops | Self::Events | Self::Interfaces
        )
    }
}
