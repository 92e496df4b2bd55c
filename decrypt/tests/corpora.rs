//! Every input of the fuzz corpora through the functions that the fuzz targets call.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

// What `fuzz` calls its own root is a module here.
use fuzz::{keys, observer, pipeline, scenario, wire};

use wgtrace_testbed::replay;

#[test]
fn wire_views_hold_what_they_promise() {
    replay(env!("CARGO_MANIFEST_DIR"), "wire", wire::run).unwrap();
}

#[test]
fn key_files_are_read_or_complained_about() {
    replay(env!("CARGO_MANIFEST_DIR"), "keys", keys::run).unwrap();
}

#[test]
fn captures_add_up_whatever_they_hold() {
    replay(env!("CARGO_MANIFEST_DIR"), "pipeline", pipeline::run).unwrap();
}

#[test]
fn observers_derive_what_their_keys_allow() {
    replay(env!("CARGO_MANIFEST_DIR"), "observer", observer::run).unwrap();
}
