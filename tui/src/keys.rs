//! `wgtrace keys convert`: from long-lived secrets to keys that open these sessions and no others.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::cli::{ConvertArgs, EXIT_NOTHING};
use crate::decrypt::{Keys, front};
use crate::io::{Identity, Input, Output, say, write_at};

/// Runs the command.
pub(crate) fn convert(args: &ConvertArgs) -> Result<ExitCode> {
    args.sources.check()?;
    let keys = Keys::read(&args.sources.keys)?;
    keys.complain();
    let input = Input::open(&args.sources.capture)?;
    let files = keys.files_and(&input);
    let mut front = front(&input, keys, &args.sources.capture)?;
    front.gather().with_context(|| format!("reading {}", args.sources.capture.display()))?;
    front.take_complaints().iter().for_each(say);
    for (at, fault) in front.sessions().failed_handshakes() {
        say(format_args!("no session from the handshake ({at}): {fault}"));
    }
    let lines = front.sessions().transport_lines();
    if lines.is_empty() {
        say("no session could be derived: nothing to write");
        return Ok(ExitCode::from(EXIT_NOTHING));
    }
    write(&args.write, lines.as_bytes(), &files)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, lines: &[u8], files: &[Identity]) -> Result<()> {
    match Output::create(path, files)? {
        Output::Nothing => Ok(()),
        Output::Stream(mut stream) => {
            stream.write_all(lines)?;
            Ok(stream.flush()?)
        }
        Output::File(target) => {
            write_at(&target.handle()?, lines, 0).context("cannot write the output")?;
            target.keep(lines.len() as u64)
        }
    }
}
