//! The command line: one definition for parsing, help and whatever else is made from it.

mod labs;

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::labs::joined;

/// Something went wrong: bad input, no permission, no space.
pub(crate) const EXIT_ERROR: u8 = 1;
/// A mistake on the command line; the parser exits with the same.
pub(crate) const EXIT_MISUSE: u8 = 2;
/// The job ran to its end, and not one message was decrypted.
pub(crate) const EXIT_NOTHING: u8 = 3;

const EXIT_CODES: &str = "Exit status: 0 at least one message was decrypted; 1 an error; \
2 a mistake on the command line; 3 nothing was decrypted (the summary says why).";

/// Observe and decrypt WireGuard traffic.
#[derive(Debug, Parser)]
#[command(name = "wgtrace", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decrypt the WireGuard traffic in a capture.
    Decrypt(DecryptArgs),
    /// Work with key files.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Say how nodes are, as `cilium status` does.
    Status(crate::status::StatusArgs),
    /// List the nodes that packets are encrypted for, as `wg show` does.
    Peers(crate::peers::PeersArgs),
    /// Watch flows, packets, peers and drops of one node or several, live.
    Tui(crate::tui::TuiArgs),
    /// Show flows and packets, a line each, as `hubble observe` does.
    Observe(Box<crate::observe::ObserveArgs>),
    /// Write packets of chosen hooks to a pcapng.
    Capture(Box<crate::capture::CaptureArgs>),
    /// Write down what daemons say, for `wgtrace tui --replay`.
    Record(crate::record::RecordArgs),
    /// Run a three-node cluster on this machine, in namespaces: `wgtrace lab up`.
    #[command(disable_help_flag = true)]
    Lab(LabArgs),
    /// Print the completions of a shell.
    Completions(crate::shell::CompletionsArgs),
    /// Print or write the man pages.
    Man(crate::shell::ManArgs),
}

/// What `wgtrace lab` takes.
#[derive(Debug, Args)]
pub(crate) struct LabArgs {
    /// What `wgtrace-lab` is told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Turn a key log and its capture into transport keys, which open these sessions and nothing else.
    Convert(ConvertArgs),
}

/// Where captures and keys come from.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Capture: pcap or pcapng, also gzip or zstd; - for standard input.
    #[arg(value_name = "CAPTURE")]
    pub(crate) capture: PathBuf,

    /// Key file: Wireshark key log, transport keys, or a WireGuard configuration; may be repeated.
    #[arg(short, long = "keys", value_name = "FILE")]
    pub(crate) keys: Vec<PathBuf>,
}

impl Sources {
    /// Standard input holds one thing at most.
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        let paths = self.keys.iter().chain([&self.capture]);
        match paths.filter(|path| path.as_path() == Path::new("-")).count() {
            0 | 1 => Ok(()),
            _ => Err(Misuse("standard input can be only one of the files")),
        }
    }
}

/// Arguments that are right one by one and contradict each other.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) &'static str);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Misuse {}

/// What `wgtrace decrypt` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = DECRYPT_EXAMPLES)]
pub(crate) struct DecryptArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// Write the inner packets here; - for standard output.
    ///
    /// A regular file appears whole, with mode 0600, once the job is done; until then an existing
    /// one stays as it is. Pipes and devices are written as the packets come.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,

    /// Container of the output [default: by the name's ending, else pcapng].
    #[arg(long, value_enum, value_name = "FORMAT", requires = "write")]
    pub(crate) format: Option<FormatArg>,

    /// Keep the captured frames beside the packets decrypted from them (pcapng only).
    #[arg(long, requires = "write")]
    pub(crate) with_outer: bool,

    /// Write keys into the output as a Decryption Secrets Block (pcapng only).
    ///
    /// `session` writes the transport keys of the sessions in this capture. `wireshark` writes what
    /// Wireshark needs to decrypt the file by itself, WHICH INCLUDES A STATIC PRIVATE KEY, and
    /// implies --with-outer.
    #[arg(long, value_enum, value_name = "LEVEL", requires = "write")]
    pub(crate) embed_keys: Option<EmbedLevel>,

    /// Print the summary as JSON, one object a line.
    #[arg(long)]
    pub(crate) json: bool,

    /// Print no summary and show no progress.
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,

    /// Threads [default: one per core].
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// What `wgtrace keys convert` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 at least one key was found; 1 an error; 2 a mistake on the command \
line; 3 no session could be derived (the reasons are on standard error).")]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// Write the transport keys here, with mode 0600; - for standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) write: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// With comments, direction and outer packets where asked.
    Pcapng,
    /// Packets and nanoseconds, nothing else.
    Pcap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EmbedLevel {
    /// Transport keys of the sessions in this capture.
    Session,
    /// Wireshark's key log lines, a static private key among them.
    Wireshark,
}

const DECRYPT_EXAMPLES: &str = "\
Examples:
  wgtrace decrypt eth0.pcapng -k keys.log                      who talked, and what could not be read and why
  wgtrace decrypt eth0.pcapng -k keys.log -w inner.pcapng      the inner packets, for any tool
  wgtrace decrypt eth0.pcapng -k keys.log -w - | tcpdump -nr - straight into tcpdump or tshark -r -
  tcpdump -i eth0 -w - udp | wgtrace decrypt - -k keys.log     from a pipe
  wgtrace decrypt eth0.pcap -k wg0.conf -k keys.log --json     keys from several files, summary for programs

Exit status: 0 at least one message was decrypted; 1 an error; 2 a mistake on the command line;
3 nothing was decrypted (the summary says why).";
