//! Every input of the fuzz corpora through the functions that the fuzz targets call.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
#[path = "corpora/recordings.rs"]
mod recordings;

use wgtrace_testbed::replay;

#[test]
fn expressions_are_read_as_what_they_show_or_refused_at_a_column() {
    replay(env!("CARGO_MANIFEST_DIR"), "filter", fuzz::filter).unwrap();
}

#[test]
fn recordings_are_read_the_same_in_any_pieces() {
    replay(env!("CARGO_MANIFEST_DIR"), "recording", fuzz::recording).unwrap();
}
