//! The walkthrough on real labs: that it passes, that stock tools see the same, and that each step notices what is broken.
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files, threads and a clock")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod broken;
mod command;
mod oracle;
mod stock;
mod tour;
mod tshark;
mod world;
