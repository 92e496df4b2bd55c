//! Init of a virtual machine: makes the kernel's file systems appear, loads modules, makes the checks, reports
//! them, and switches the machine off, whatever happens.
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files and a clock")]

mod daemon;
mod machine;
mod modules;
mod port;
mod stage;
mod stale;
mod trace;
mod verify;
mod wait;
mod wireguard;

use std::time::Duration;

use anyhow::{Result, bail};
use wgtrace_vm::Line;

use crate::port::Port;
use crate::stage::Stage;
use crate::wireguard::Rekey;

fn main() -> Result<()> {
    if !rustix::process::getpid().is_init() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        return match &arguments[..] {
            [first, ifindex] if first == stale::HOLD => stale::hold(ifindex),
            _ => bail!("this is the init of a virtual machine: `cargo xtask test vm` boots it"),
        };
    }
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
    checks(&mut port)?;
    port.say(&Line::Finished)?;
    port.flush()
}

/// Those that need what a failed one did not deliver are left out; that one fails the machine anyway.
fn checks(port: &mut Port) -> Result<()> {
    port.check("modules load", modules::load)?;
    // takes two minutes, in which there is enough to do
    let rekey = Rekey::begin(port)?;
    tracing(port)?;
    wireguard::wireguard(port)?;
    rekey.end(port)
}

fn tracing(port: &mut Port) -> Result<()> {
    let mut stage = None;
    port.check("the object is loaded beside two namespaces", || {
        stage = Some(Stage::new()?);
        Ok(String::new())
    })?;
    let Some(mut stage) = stage else { return Ok(()) };
    verify::verify(port, stage.instance.object_mut())?;
    port.check("what a killed tracer leaves is harmless", || stale::stale(&mut stage))?;
    trace::trace(port, &mut stage)?;
    daemon::daemon(port, &stage.line)
}

/// Unless the command line has a word about it.
const DEADLINE: Duration = Duration::from_mins(7);
