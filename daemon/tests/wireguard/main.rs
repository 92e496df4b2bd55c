//! Devices in user space between network namespaces, against each other and against wireguard-go.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, clocks and threads")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there fails the test"
)]

mod busy;
mod capture;
mod decrypted;
mod dual;
mod end;
mod handover;
mod interop;
mod loops;
mod opener;
mod packets;
mod rekey;
mod restart;
mod settings;
mod show;
mod trickle;
mod trouble;
mod watched;

use wgtrace_testbed::{Line, transfer};

use end::End;
use settings::Pair;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_devices_carry_streams_both_ways_at_any_length() {
    let line = Line::new().unwrap();
    let pair = Pair::new(true);
    let (left, right) = (End::ours(&line.left, &pair.left), End::ours(&line.right, &pair.right));
    for bytes in [1, 1379, 1380, 1381, 64 << 10, 20 << 20] {
        assert_eq!(transfer(&line.left, &line.right, pair.right.inner_port(5001), bytes).unwrap(), bytes);
        assert_eq!(transfer(&line.right, &line.left, pair.left.inner_port(5001), bytes).unwrap(), bytes);
    }
    assert_eq!((left.refused(), right.refused()), (0, 0));
}
