//! The command line: one definition for parsing, help and whatever else is made from it.

mod trace;

use clap::{Args, Parser, Subcommand};

pub use self::trace::TraceArgs;

/// Something went wrong: no privilege, bad input, a fault of the kernel's.
pub const EXIT_ERROR: u8 = 1;
/// Where 1 is an answer: it cannot be told.
pub const EXIT_UNKNOWN: u8 = 2;
/// A mistake on the command line; the parser exits with the same.
pub const EXIT_MISUSE: u8 = 2;
/// The trace ran to its end, and its ledger does not add up.
pub const EXIT_IMBALANCE: u8 = 3;
/// Told to end a second time, before everything was written.
pub const EXIT_INTERRUPTED: u8 = 130;

/// The node's half of wgtrace: programs in the kernel, and what they see.
#[derive(Debug, Parser)]
#[command(name = "wgtraced", version, propagate_version = true)]
pub struct Cli {
    /// Log to standard error: a level, or directives such as wgtraced=debug.
    #[arg(long, global = true, value_name = "LEVEL", env = "WGTRACE_LOG", default_value = "warn")]
    pub log: String,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the packets of this node's hooks, or the flows they belong to.
    Trace(TraceArgs),
    /// Say what this kernel offers, and what follows from it.
    Probe(ProbeArgs),
    /// Run this node: its datapath, its pods, its tunnel to the other nodes.
    Run(crate::node::RunArgs),
    /// Remove everything that `run` made in this network namespace.
    Cleanup(crate::node::CleanupArgs),
    /// Check the configuration.
    Config(crate::config::command::ConfigArgs),
    /// Compare this node's network with what it is to be, or put it right.
    Datapath(crate::datapath::command::DatapathArgs),
    /// Run one WireGuard device in user space.
    WgUser(crate::wireguard::command::WgUserArgs),
}

/// What `wgtraced probe` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 everything was asked, whatever the answers; 1 the answers could not be written."
)]
pub struct ProbeArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
