//! What a test needs from outside: there, missing by consent, or a failure.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Folder of the captures from elsewhere; `None` when told to do without.
pub(crate) fn conformance() -> Option<PathBuf> {
    let found = std::env::var_os("WGTRACE_CONFORMANCE").map(PathBuf::from);
    need("conformance", found, "WGTRACE_CONFORMANCE does not name the folder of the captures")
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
        eprintln!("skipped by WGTRACE_SKIP: {what}");
        return None;
    }
    assert!(found.is_some(), "{missing} (WGTRACE_SKIP={what} to do without)");
    found
}
