//! Forwarding in the kernel: each program by itself, and pods on real devices. `cargo xtask test netns`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test program: what is not there fails the test, and what is measured is printed"
)]

mod adoption;
mod cost;
mod counters;
mod network;
mod node;
mod pods;
mod programs;
mod run;
mod tapped;
