//! The node daemon's parts; `main.rs` is the command line around them.

pub mod probe;
