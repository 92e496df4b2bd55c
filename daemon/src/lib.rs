//! The node daemon's parts; `main.rs` is the command line around them.
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files, threads and a clock")]

pub mod cli;
pub mod config;
pub mod datapath;
pub mod endpoints;
pub mod filter;
pub mod handover;
pub mod netns;
pub mod node;
pub mod privileges;
pub mod probe;
pub mod registry;
pub mod report;
pub mod server;
pub mod trace;
pub mod watch;
pub mod wireguard;
