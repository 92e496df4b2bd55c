//! What the program is told, and what it asks for.

use crossterm::event::KeyEvent;
use ratatui::layout::Size;
use wgtrace_api::v1::Told;

use crate::client::{Heard, Packed};

/// Something that happened, to be handed to [`App::update`](super::app::App::update).
#[derive(Debug)]
pub(crate) enum Msg {
    /// A daemon said something, or is gone.
    Told(Box<Told>),
    /// The same, of packets that nobody looked at yet.
    Packets {
        from: String,
        time: i64,
        packets: Packed,
    },
    Key(KeyEvent),
    Paste(String),
    Resize(Size),
    /// Time went by.
    Tick,
    /// There is nothing more to be heard, and why.
    Ended(String),
}

impl From<Heard> for Msg {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Told(told) => Self::Told(told),
            Heard::Packets { from, time, packets } => Self::Packets { from, time, packets },
        }
    }
}

/// What [`App::update`](super::app::App::update) wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    /// From now on only what this filter wants has to be sent.
    Filter(String),
    /// This goes to the clipboard of whoever sits at the terminal.
    Copy(String),
    /// The screen is not what it was left as: draw all of it.
    Redraw,
}
