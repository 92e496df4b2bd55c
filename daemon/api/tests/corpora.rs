//! Every input of the fuzz corpora through the functions that the fuzz targets call.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads files, and may fail by panicking"
)]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[test]
fn expressions_are_read_as_what_they_show_or_refused_at_a_column() {
    replay("filter", fuzz::filter);
}

#[test]
fn recordings_are_read_the_same_in_any_pieces() {
    replay("recording", fuzz::recording);
}

/// Runs `body` on every file of a corpus, and names the files on which it fails.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    let fails = |path: &&PathBuf| {
        let input = fs::read(path).unwrap();
        catch_unwind(|| body(&input)).is_err()
    };
    let failed: Vec<_> = paths.iter().filter(fails).collect();
    assert!(failed.is_empty(), "{} of {} inputs fail: {failed:#?}", failed.len(), paths.len());
}
