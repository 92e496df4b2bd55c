//! A node's network in a namespace, with iproute2 as the oracle.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what is not there fails the test"
)]

mod mend;
mod node;
mod pod;
mod shown;
mod trouble;
