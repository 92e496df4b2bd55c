//! The command line: one definition for parsing, help and whatever else is made from it.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::control::Daemon;
use crate::home::Home;
use crate::record::Keys;
use crate::{Lab, down, exec, session, status, supervisor, tool, tour, up, walkthrough};

/// Something went wrong: no privilege, no such lab, something does not start.
pub const EXIT_ERROR: u8 = 1;
/// The lab runs, and something is wrong with it.
pub const EXIT_FAULTS: u8 = 3;

/// The walkthrough's three-node cluster on this machine, in namespaces.
///
/// Alone, it brings the cluster up with pods that talk, shows it in `wgtrace tui`, and takes it down with that; where
/// standard output is no terminal, it prints the walkthrough. Needs root and nothing else. The network of this machine stays as it is; everything ends with `down`, or with the
/// supervisor.
#[derive(Debug, Parser)]
#[command(name = "wgtrace-lab", version, propagate_version = true)]
pub struct Cli {
    /// Name of the lab.
    #[arg(long, global = true, value_name = "NAME", default_value = Home::DEFAULT)]
    pub name: String,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the cluster up, and leave it running.
    Up(UpArgs),
    /// End it; nothing is left.
    Down,
    /// Say what runs, and what is wrong.
    Status(StatusArgs),
    /// Run a command on a node or in a pod.
    Exec(ExecArgs),
    /// End or start one node's daemon.
    Daemon {
        /// What to do with it.
        #[arg(value_enum)]
        action: Daemon,
        /// The node.
        node: String,
    },
    /// Have pods talk to each other, or be silent.
    Traffic {
        /// Which of it.
        #[arg(value_enum)]
        is: Switch,
    },
    /// Replay the walkthrough: what its document says beside what is here.
    Walkthrough(walkthrough::Args),
    /// Be led through the walkthrough: each step with what to look at, and why it is so.
    Tour(tour::Args),
    /// Echo requests, from where this is run.
    #[command(hide = true)]
    Ping {
        /// To whom.
        to: Ipv4Addr,
        /// How many.
        #[arg(short, long, default_value_t = 1)]
        count: u16,
    },
    /// Ask a web server for /, from where this is run.
    #[command(hide = true)]
    Get {
        /// Where it is: 10.0.1.54:80
        at: SocketAddr,
    },
    /// Capture an interface of where this is run, until told to end.
    #[command(hide = true)]
    Capture(CaptureArgs),
    /// Be the web server of a pod; standard input is where it listens.
    #[command(hide = true)]
    Respond {
        /// The pod's name.
        pod: String,
        /// The pod's address.
        address: Ipv4Addr,
    },
    /// Become a program, and have it given standard input as the first of its descriptors.
    #[command(hide = true)]
    Become {
        /// The descriptor's name.
        descriptor: String,
        /// The program and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        line: Vec<OsString>,
    },
    /// Be a lab.
    #[command(hide = true)]
    Supervise {
        /// Which one, in JSON.
        order: String,
    },
}

/// What `up` takes.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Encrypt the traffic between nodes, or do not.
    #[arg(long, value_enum, value_name = "ON|OFF", default_value_t = Switch::On)]
    pub encryption: Switch,

    /// Keys that the nodes' daemons log.
    ///
    /// `session` opens the sessions of this lab and nothing else. `wireshark` is what Wireshark reads, WHICH INCLUDES THE
    /// NODES' PRIVATE KEYS; those of a lab are made for it and go with it.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Keys::Session)]
    pub keys: Keys,

    /// Have pods talk to each other: pings, requests to the service, and a slow stream; `traffic off` ends it.
    #[arg(long)]
    pub traffic: bool,

    /// Stay until told to end (Ctrl-C), and end the lab then.
    #[arg(long)]
    pub foreground: bool,

    /// Where wgtraced and wgtrace-cni are [default: beside this program].
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What `status` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 all is well; 1 there is no such lab, or an error; 2 a mistake on the command \
line; 3 something is wrong with it."
)]
pub struct StatusArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What `exec` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: that of the command; 128 and the signal's number if one ended it; 1 if it was \
not started."
)]
pub struct ExecArgs {
    /// A node or a pod: cilium-wireguard-worker, net, cni-vk8fx, ..
    pub place: String,

    /// The command and its arguments [default: a shell].
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}

/// What `capture` takes.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// The interface.
    pub interface: String,

    /// The file to write, pcapng unless its name ends in .pcap or .cap.
    #[arg(short, long, value_name = "FILE")]
    pub write: PathBuf,

    /// End with so many frames.
    #[arg(short, long)]
    pub count: Option<usize>,
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> Result<ExitCode> {
        let home = Home::of(&self.name)?;
        let Some(command) = self.command else { return session::run(&home) };
        match command {
            Command::Up(args) => up::run(&args, &home, &mut std::io::stdout()),
            Command::Down => down::run(&home),
            Command::Status(args) => status::run(&args, &home),
            Command::Exec(args) => exec::run(&args, &home),
            Command::Daemon { action, node } => {
                Lab::attach_to(&home)?.daemon(action, &node).map(|()| ExitCode::SUCCESS)
            }
            Command::Traffic { is } => {
                Lab::attach_to(&home)?.set_traffic(is == Switch::On).map(|()| ExitCode::SUCCESS)
            }
            Command::Walkthrough(args) => walkthrough::run(&args, &home),
            Command::Tour(args) => tour::run(&args, &home),
            Command::Ping { to, count } => tool::ping(to, count),
            Command::Get { at } => tool::get(at),
            Command::Capture(args) => tool::capture(&args),
            Command::Respond { pod, address } => tool::respond(&pod, address),
            Command::Become { descriptor, line } => supervisor::become_given(&descriptor, &line),
            Command::Supervise { order } => supervisor::run(&order),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_may_have_options_of_its_own() {
        let parsed = |line: &[&str]| {
            let Some(Command::Exec(args)) = Cli::try_parse_from(line).unwrap().command else {
                panic!("{line:?}")
            };
            (args.place, args.command)
        };
        let expected = ("net".to_owned(), vec![OsString::from("ping"), "-c".into(), "1".into()]);
        assert_eq!(parsed(&["wgtrace-lab", "exec", "net", "ping", "-c", "1"]), expected);
        assert_eq!(parsed(&["wgtrace-lab", "exec", "net", "--", "ping", "-c", "1"]), expected);
        assert_eq!(parsed(&["wgtrace-lab", "--name", "x", "exec", "net"]).1, Vec::<OsString>::new());
    }
}
