//! One key at a time, without its letter on the screen.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, Result};
use rustix::io::Errno;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};

/// A terminal that hands over each key as it is pressed, until this goes. Ctrl-C still is a signal.
#[derive(Debug)]
pub(super) struct Keyboard {
    before: Termios,
}

/// What a learner may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Next,
    Quit,
}

impl Keyboard {
    /// That of standard input, if somebody is there: both it and standard output are a terminal.
    pub(super) fn open() -> Result<Option<Self>> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(io::stdin()).context("cannot read the terminal's modes")?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Flush, &now).context("cannot set the terminal's modes")?;
        Ok(Some(Self { before }))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // it may be gone
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Keys that were pressed so far mean nothing.
pub(super) fn forget() -> Result<()> {
    tcflush(io::stdin(), QueueSelector::IFlush).context("cannot empty the terminal's queue")
}

/// Waits for a key that means something.
pub(super) fn wish() -> Result<Wish> {
    let mut key = [0];
    loop {
        match rustix::io::read(io::stdin(), &mut key) {
            Ok(0) => return Ok(Wish::Quit),
            Ok(_) => {
                if let Some(wish) = meaning(key[0]) {
                    return Ok(wish);
                }
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("cannot read from the terminal"),
        }
    }
}

fn meaning(key: u8) -> Option<Wish> {
    match key {
        b'\n' | b'\r' | b' ' => Some(Wish::Next),
        // and Ctrl-D
        b'q' | b'Q' | 4 => Some(Wish::Quit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_goes_on_and_q_ends_it_and_other_keys_are_nothing() {
        let keys =
            [(b'\r', Some(Wish::Next)), (b'\n', Some(Wish::Next)), (b'q', Some(Wish::Quit)), (b'x', None)];
        for (key, wish) in keys {
            assert_eq!(meaning(key), wish);
        }
    }
}
