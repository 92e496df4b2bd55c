//! What the daemons of a lab tell of packets and flows: `daemon/api/proto/observer.proto`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails the test")]

mod encryption;
mod world;
