//! What the daemons of a lab tell of packets and flows: `daemon/api/proto/observer.proto`.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, processes, threads and clocks")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

mod encryption;
mod world;
