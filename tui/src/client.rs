//! The daemons that are asked, once or for as long as somebody watches.

mod attendance;
mod connect;
mod conversation;
mod message;
mod pump;
mod servers;
#[cfg(test)]
mod tests;
mod watch;

use anyhow::{Context as _, Result};

pub(crate) use self::attendance::Attendance;
pub(crate) use self::connect::{AskError, understood};
pub(crate) use self::message::{Heard, Packed};
pub(crate) use self::servers::{AskArgs, Client, ServerArgs, is_lab};
pub(crate) use self::watch::{Wants, Watch, hear, watch};

/// What conversations run on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}
