//! `wgtraced run`: pods through the plugin, what stays when it ends, what it refuses.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, processes and clocks")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test program: what fails ends it")]

mod bare;
mod churn;
mod pods;
mod privileges;
mod restart;
mod trouble;
mod watched;
mod world;
