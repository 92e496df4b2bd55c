//! Files in and out: read at positions, written beside and renamed, never half.

mod input;
mod output;
mod private;

use std::io::Write as _;

pub(crate) use self::input::{Identity, Input, Reading};
pub(crate) use self::output::{Output, Target, write_at};
pub(crate) use self::private::begin;

/// Whether the reader of a pipe went away, which is its right.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Talks to the person, one line; that nobody listens any more is no reason to stop.
///
/// Names of files are part of it, and control characters in them would speak to the terminal.
pub(crate) fn say(text: impl std::fmt::Display) {
    let mut line = String::from("wgtrace: ");
    for character in text.to_string().chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// The text without control characters, which would speak to the terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
