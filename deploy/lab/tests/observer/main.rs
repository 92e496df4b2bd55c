//! What the daemons of a lab tell of packets and flows: `daemon/api/proto/observer.proto`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails the test")]
#![expect(clippy::disallowed_methods, reason = "a test program: it waits no longer than it has to")]

mod commands;
mod encryption;
mod inner;
mod leak;
#[path = "../common/planted.rs"]
mod planted;
mod restart;
mod segments;
mod sessions;
mod world;
