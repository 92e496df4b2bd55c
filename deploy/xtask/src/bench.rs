//! Benches: ratios against something run beside them, never bare seconds.

mod decrypt;
mod floor;
mod process;
mod trace;
mod traffic;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// `wgtrace decrypt` against reading, opening and writing the same bytes, and against tshark.
    Decrypt(decrypt::Args),
    /// The kernel programs, the ring, the flow table, and what tracing costs the traffic, beside tcpdump and pwru.
    Trace(trace::Args),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Decrypt(args) => decrypt::run(&args),
            Self::Trace(args) => trace::run(&args),
        }
    }
}

/// Where cargo puts what it builds.
fn target_folder() -> Result<PathBuf> {
    let metadata =
        Command::new(env!("CARGO")).args(["metadata", "--format-version=1", "--no-deps"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
    let folder = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    Ok(folder.context("cargo names no target directory")?.into())
}

/// Middle of an odd number of measurements, in seconds.
fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
