//! `wgtraced trace`: packets of this node's hooks on standard output.

mod account;
pub(crate) mod clock;
mod flows;
mod json;
mod line;
mod names;
mod output;
mod reader;
mod room;
#[cfg(test)]
pub(crate) mod samples;
mod session;
mod signals;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_flow::Ledger;
use wgtrace_flow::pcapng::{Options, Writer};

use self::clock::Clock;
use self::flows::Flows;
use self::output::{Form, Output};
use self::room::Room;
use crate::cli::TraceArgs;

/// Runs the command.
///
/// # Errors
/// When programs cannot be loaded or attached, the rings cannot be read, or the output cannot be written.
pub fn run(args: &TraceArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(session::trace(args));
    // a reader that is stuck in a full pipe is not waited for
    runtime.shutdown_timeout(Duration::ZERO);
    result
}

/// Where packets go.
fn output(args: &TraceArgs, clock: &Clock) -> Result<Output> {
    let mut to: Box<dyn Write + Send> = Box::new(std::io::stdout());
    let form = if let Some(path) = &args.write {
        if path != Path::new("-") {
            to = Box::new(create(path).with_context(|| format!("cannot write {}", path.display()))?);
        }
        let options = Options { wall: clock.offset(), raw_frames: args.raw_frames };
        Form::Capture(Box::new(Writer::new(options)))
    } else if args.flows {
        Form::Flows(Box::new(Flows::new(args.interval, args.json)))
    } else if args.json {
        Form::Objects
    } else {
        Form::Lines { hex: args.hex }
    };
    Ok(Output::new(form, to, args.count))
}

/// A file that only its owner reads: packets are nobody else's business.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// A ledger that starts with the programs just loaded.
fn ledger(rooms: &[Room]) -> Ledger {
    let mut ledger = Ledger::new();
    for room in rooms {
        ledger.begin(room.netns().inode(), &[]);
    }
    ledger
}
