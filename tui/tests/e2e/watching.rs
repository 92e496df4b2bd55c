//! Commands that watch daemons, against sockets with nothing behind them.

mod place;
mod told;
mod trouble;
mod written;

pub(crate) use self::place::{flow, flows};
