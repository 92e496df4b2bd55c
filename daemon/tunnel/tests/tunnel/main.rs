//! Two devices, or one and a stranger, on a wire that a virtual clock drives.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a test needs an origin for its clock, and may fail by panicking"
)]

mod anything;
mod config;
mod flood;
mod handshake;
mod hostile;
mod interop;
mod keepalive;
mod keylog;
mod messages;
mod rekey;
mod retries;
mod roaming;
mod rotation;
mod routing;
mod simulation;
mod unreachable;
mod workers;
mod world;
