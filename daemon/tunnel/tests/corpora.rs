//! Every input of the fuzz corpus through the function that the fuzz target calls.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

#[expect(unreachable_pub, reason = "a crate of its own, included")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use wgtrace_testbed::replay;

#[test]
fn peers_survive_anything_and_meet_again() {
    replay(env!("CARGO_MANIFEST_DIR"), "peer", fuzz::run).unwrap();
}
