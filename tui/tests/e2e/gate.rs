//! What a test needs from outside: there, missing by consent, or a failure.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Folder of the captures from elsewhere; `None` when told to do without, or not told of any.
///
/// They are data that nobody can install, and the committed captures carry the same cases: where the
/// variable is not set, that is said and passes. A folder that is named has to be there.
pub(crate) fn conformance() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("WGTRACE_CONFORMANCE").map(PathBuf::from) else {
        say("WGTRACE_CONFORMANCE is not set: captures from elsewhere are not tested");
        return None;
    };
    let missing = format!("{} (WGTRACE_CONFORMANCE) is no folder", folder.display());
    need("conformance", folder.is_dir().then_some(folder), &missing)
}

/// A program of that name; `None` when told to do without.
pub(crate) fn tool(name: &str) -> Option<Command> {
    let starts = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let found = starts.is_ok().then(|| Command::new(name));
    need(name, found, &format!("{name} is not installed"))
}

fn need<T>(what: &str, found: Option<T>, missing: &str) -> Option<T> {
    let skip = std::env::var("WGTRACE_SKIP").unwrap_or_default();
    if skip.split(',').any(|name| name.trim() == what) {
        say(&format!("skipped by WGTRACE_SKIP: {what}"));
        return None;
    }
    assert!(found.is_some(), "{missing} (WGTRACE_SKIP={what} to do without)");
    found
}

/// Past the harness, which keeps what passing tests print.
fn say(text: &str) {
    // Nobody listening is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{text}");
}
