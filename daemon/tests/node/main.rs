//! `wgtraced run`: pods through the plugin, what stays when it ends, what it refuses.
#![expect(clippy::disallowed_methods, reason = "tests have files, processes and clocks")]

mod churn;
mod pods;
mod restart;
mod trouble;
mod world;
