//! What leaves the nodes of a lab while traffic flows and things go wrong: WireGuard's packets, and never plaintext.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, processes, threads and clocks")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there fails the test"
)]

mod canary;
mod churn;
mod devices;
mod extra;
mod registry;
mod restart;
mod starved;
mod steady;
mod traffic;
mod watch;
mod world;
