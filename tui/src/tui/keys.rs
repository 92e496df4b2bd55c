//! Keys: one table of what they do, where, and what they are called; help and hints are drawn from it.

mod chord;
mod keymap;
mod place;
mod table;

pub(crate) use self::chord::Chord;
pub(crate) use self::keymap::Keymap;
pub(crate) use self::place::{Place, Places};
pub(crate) use self::table::{Action, Binding, Edit, TABLE};
