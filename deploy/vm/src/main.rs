//! Init of a virtual machine: makes the kernel's file systems appear, loads modules, makes the checks, reports
//! them, and switches the machine off, whatever happens.
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files and a clock")]

mod machine;
mod modules;
mod port;
mod verify;

use std::time::Duration;

use anyhow::{Result, ensure};
use wgtrace_vm::Line;

use crate::port::Port;

fn main() -> Result<()> {
    ensure!(
        rustix::process::getpid().is_init(),
        "this is the init of a virtual machine: `cargo xtask test vm` boots it"
    );
    machine::off_after_panic();
    let outcome = run();
    if let Err(error) = &outcome {
        eprintln!("init: {error:#}");
    }
    machine::off();
    outcome
}

fn run() -> Result<()> {
    machine::mount()?;
    machine::off_after(machine::deadline().unwrap_or(DEADLINE));
    let mut port = Port::open()?;
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    port.say(&Line::Booted { release })?;
    port.check("modules load", modules::load)?;
    verify::verify(&mut port)?;
    port.say(&Line::Finished)?;
    port.flush()
}

/// Unless the command line has a word about it.
const DEADLINE: Duration = Duration::from_secs(180);
