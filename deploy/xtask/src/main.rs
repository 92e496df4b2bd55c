//! `cargo xtask`: the project's own chores.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files and a clock")]

mod bench;
mod bpf;
mod captures;
mod cluster;
mod picture;
mod programs;
mod soak;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own chores")]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure against floors taken in the same run.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Build the kernel programs, or check that the committed object is what would be built.
    Bpf(bpf::Args),
    /// Write the committed captures, or check that they are what would be written.
    Captures(captures::Args),
    /// Draw the TUI as it is on the lab: the README's picture.
    Picture(picture::Args),
    /// Have a lab last, with traffic, the TUI, and daemons that are killed: nothing may leak.
    Soak(soak::Args),
    /// Test everything that can be tested here, or one ring of it.
    Test(test::Args),
}

fn main() -> Result<ExitCode> {
    let done = match Cli::parse().task {
        Task::Bench(bench) => bench.run(),
        Task::Bpf(args) => bpf::run(&args),
        Task::Captures(args) => captures::run(&args),
        Task::Picture(args) => picture::run(&args),
        Task::Soak(args) => soak::run(&args),
        Task::Test(args) => return args.run(),
    };
    done.map(|()| ExitCode::SUCCESS)
}
