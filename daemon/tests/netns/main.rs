//! The whole pipeline on real devices in network namespaces: `cargo xtask test netns`.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, clocks and threads")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there fails the test"
)]

mod cases;
mod clsact;
mod counts;
mod events;
mod gates;
mod hotplug;
mod interfaces;
mod kernel;
mod listener;
mod offloads;
mod order;
mod overflow;
mod packet;
mod tap;
mod test_run;
mod tracer;
mod wait;
