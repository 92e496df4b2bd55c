//! Benches: ratios against something run beside them, never bare seconds.

mod datapath;
mod decrypt;
mod floor;
mod process;
mod trace;
mod traffic;
mod tui;
mod tunnel;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// What a packet costs at each hook of a node, and pods of two nodes beside the bare tunnel, traced and not.
    Datapath(datapath::Args),
    /// `wgtrace decrypt` against reading, opening and writing the same bytes, and against tshark.
    Decrypt(decrypt::Args),
    /// The kernel programs, the ring, the flow table, and what tracing costs the traffic, beside tcpdump and pwru.
    Trace(trace::Args),
    /// `wgtrace tui` on a pseudo-terminal, with 100k flows and a million events a second from a daemon that is made up.
    Tui(tui::Args),
    /// `wgtraced wg-user` beside wireguard-go and a plain veth: throughput, round trips, CPU.
    Tunnel(tunnel::Args),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Datapath(args) => datapath::run(&args),
            Self::Decrypt(args) => decrypt::run(&args),
            Self::Trace(args) => trace::run(&args),
            Self::Tui(args) => tui::run(&args),
            Self::Tunnel(args) => tunnel::run(&args),
        }
    }
}

/// Runs itself again as a release build: what is measured in this process must not be a debug build's.
fn as_shipped() -> Result<()> {
    let again = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "-p", "xtask", "--"])
        .args(std::env::args_os().skip(1))
        .status()?;
    ensure!(again.success(), "the release build of this bench failed");
    Ok(())
}

/// Where cargo puts what it builds.
fn target_folder() -> Result<PathBuf> {
    let metadata =
        Command::new(env!("CARGO")).args(["metadata", "--format-version=1", "--no-deps"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
    let folder = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    Ok(folder.context("cargo names no target directory")?.into())
}

/// The daemon, as it is shipped.
fn wgtraced() -> Result<PathBuf> {
    let build =
        Command::new(env!("CARGO")).args(["build", "--release", "--quiet", "-p", "wgtraced"]).status()?;
    ensure!(build.success(), "building wgtraced failed");
    Ok(target_folder()?.join("release/wgtraced"))
}

/// Middle of an odd number of measurements, whatever their unit.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
