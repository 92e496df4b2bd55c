//! Our device in user space against the kernel's own.

mod capture;
mod config;
mod handshake;
mod keepalive;
mod kernel;
mod ours;
mod pair;
mod rekey;
mod restart;
mod roam;
mod shown;
mod talk;

use anyhow::Result;

use crate::port::Port;

pub(crate) use rekey::Rekey;

/// Makes the checks that do not take minutes; [`Rekey`] has those that do.
pub(crate) fn wireguard(port: &mut Port) -> Result<()> {
    handshake::handshake(port)?;
    handshake::traffic(port)?;
    roam::roam(port)?;
    restart::restart(port)?;
    keepalive::keepalive(port)
}
