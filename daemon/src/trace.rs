//! `wgtraced trace`: packets of this node's hooks on standard output.

mod account;
mod clock;
mod flows;
mod json;
mod line;
mod names;
mod output;
mod put;
mod reader;
mod room;
#[cfg(test)]
mod samples;
mod session;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_flow::Ledger;

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
fn output(args: &TraceArgs, _clock: &Clock) -> Result<Output> {
    let form = if args.flows {
        Form::Flows(Box::new(Flows::new(args.interval, args.json)))
    } else if args.json {
        Form::Objects
    } else {
        Form::Lines { hex: args.hex }
    };
    Ok(Output::new(form, Box::new(std::io::stdout()), args.count))
}

/// A ledger that starts with the programs just loaded.
fn ledger(rooms: &[Room]) -> Ledger {
    let mut ledger = Ledger::new();
    for room in rooms {
        ledger.begin(room.netns().inode(), &[]);
    }
    ledger
}
