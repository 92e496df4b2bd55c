//! What happened to nodes and sessions, in the order in which it was heard.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Name;

/// Something that happened; many are kept for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) time: i64,
    pub(crate) node: Name,
    pub(crate) kind: Kind,
    pub(crate) text: Rc<str>,
}

/// What it is about, and with it how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Connected,
    Gone,
    Refused,
    Session,
    Fault,
    Mended,
    Leak,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Session => "session",
            Self::Fault => "fault",
            Self::Mended => "mended",
            Self::Leak => "LEAK",
        }
    }
}

/// The newest of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    list: VecDeque<Event>,
}

impl Events {
    pub(crate) fn push(&mut self, event: Event) {
        if self.list.len() >= KEPT {
            self.list.pop_front();
        }
        self.list.push_back(event);
    }

    /// The newest is number 0.
    pub(crate) fn newest(&self, number: usize) -> Option<&Event> {
        let at = self.list.len().checked_sub(number.checked_add(1)?)?;
        self.list.get(at)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

const KEPT: usize = 2000;
