//! Every input of the fuzz corpus through the function that the fuzz target calls.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use wgtrace_testbed::replay;

#[test]
fn configurations_are_read_or_refused_without_a_key() {
    replay(env!("CARGO_MANIFEST_DIR"), "config", fuzz::run).unwrap();
}
