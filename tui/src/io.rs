//! Files in and out: read at positions, written beside and renamed, never half.

mod input;
mod output;

use std::io::Write as _;

pub(crate) use self::input::{Input, Reading};
pub(crate) use self::output::{Output, Target, write_at};

/// Whether the reader of a pipe went away, which is its right.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Talks to the person; that nobody listens any more is no reason to stop.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "wgtrace: {text}");
}
