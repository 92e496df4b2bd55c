//! What `wgtrace observe` takes, and the one filter that it comes to.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use wgtrace_api::filter::{Filter, quoted};

use super::printer::Detail;
use crate::cli::Misuse;
use crate::client::ServerArgs;

/// What `wgtrace observe` takes.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_help = EXIT, after_long_help = EXAMPLES)]
pub(crate) struct ObserveArgs {
    /// Which flows or packets, in the filter language; with the options below, both.
    #[arg(value_name = "FILTER")]
    words: Vec<String>,

    /// Go on with what happens from now on.
    #[arg(short, long)]
    follow: bool,

    /// Packets as they come, a line each, not flows; implies --follow.
    #[arg(long)]
    pub(super) packets: bool,

    /// How each is shown.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "compact")]
    pub(super) output: Format,

    /// Show more of each packet: CPU, mark, TTL, sequence, identity.
    #[arg(short, long, requires = "packets")]
    verbose: bool,

    /// Show the start of each packet in hexadecimal digits.
    #[arg(long, requires = "packets")]
    pub(super) hex: bool,

    /// Begin with so many flows, those seen last [default: all that are known]; of a recording, packets too.
    #[arg(long, value_name = "N")]
    pub(super) last: Option<usize>,

    /// Begin with flows seen since then: 5m, 1h30m, or 2024-07-06T08:50:28Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<SystemTime>,

    /// End after so many lines.
    #[arg(short, long, value_name = "N")]
    pub(super) count: Option<u64>,

    /// Follow for this time, such as 30s or 5min; implies --follow.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(super) duration: Option<Duration>,

    /// Show what a recording has (`wgtrace record`) or a capture (pcap, pcapng), not what daemons say; - for standard
    /// input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["servers", "lab", "duration"])]
    pub(super) input_file: Option<PathBuf>,

    #[command(flatten)]
    filters: FilterArgs,

    #[command(flatten)]
    pub(super) servers: ServerArgs,
}

/// Options that are conditions of the filter language. Of one given several times, one has to hold.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
struct FilterArgs {
    /// Pod at either end: [NAMESPACE/]NAME, or its workload; * stands for anything.
    #[arg(long, value_name = "POD")]
    pod: Vec<String>,
    /// Pod that sends.
    #[arg(long, value_name = "POD")]
    from_pod: Vec<String>,
    /// Pod that gets it.
    #[arg(long, value_name = "POD")]
    to_pod: Vec<String>,
    /// Address or network at either end.
    #[arg(long, value_name = "IP")]
    ip: Vec<String>,
    /// Address or network that sends.
    #[arg(long, value_name = "IP")]
    from_ip: Vec<String>,
    /// Address or network that gets it.
    #[arg(long, value_name = "IP")]
    to_ip: Vec<String>,
    /// Port at either end, or a range.
    #[arg(long, value_name = "PORT")]
    port: Vec<String>,
    /// Port of who sends.
    #[arg(long, value_name = "PORT")]
    from_port: Vec<String>,
    /// Port of who gets it.
    #[arg(long, value_name = "PORT")]
    to_port: Vec<String>,
    /// Protocol, by name or number.
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Vec<String>,
    /// What was decided: forwarded, redirected, dropped or unknown.
    #[arg(long, value_name = "VERDICT")]
    verdict: Vec<String>,
    /// Node that saw it, by its name or the last part of it.
    #[arg(long, value_name = "NODE")]
    node_name: Vec<String>,
    /// What was at a native device as ciphertext only.
    #[arg(long, conflicts_with = "unencrypted")]
    encrypted: bool,
    /// What was at a native device in the clear.
    #[arg(long)]
    unencrypted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line each.
    Compact,
    /// One JSON object a line.
    Json,
    /// Columns.
    Table,
}

impl ObserveArgs {
    /// Whether it goes on by itself.
    pub(super) fn follow(&self) -> bool {
        self.follow || self.packets || self.duration.is_some()
    }

    pub(super) fn detail(&self) -> Detail {
        Detail { is_verbose: self.verbose, is_hex: self.hex }
    }

    /// Packets of before are kept by nobody.
    pub(super) fn check(&self) -> Result<()> {
        let wants_before = self.last.is_some() || self.since.is_some();
        ensure!(
            !(self.packets && wants_before) || self.input_file.is_some(),
            Misuse(
                "--packets shows packets from now on, for daemons keep none: --last and --since are for flows, or for \
                 packets of a recording (--input-file)"
            )
        );
        Ok(())
    }

    /// In nanoseconds since 1970.
    pub(super) fn since(&self) -> Option<i64> {
        let since = self.since?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// All of it as one.
    pub(super) fn filter(&self) -> Result<Filter> {
        let words = self.servers.filter(&self.words)?;
        let mut filters = vec![words];
        let given = &self.filters;
        for (flag, condition, values) in [
            ("--pod", "pod", &given.pod),
            ("--from-pod", "src pod", &given.from_pod),
            ("--to-pod", "dst pod", &given.to_pod),
            ("--ip", "ip", &given.ip),
            ("--from-ip", "src ip", &given.from_ip),
            ("--to-ip", "dst ip", &given.to_ip),
            ("--port", "port", &given.port),
            ("--from-port", "src port", &given.from_port),
            ("--to-port", "dst port", &given.to_port),
            ("--protocol", "proto", &given.protocol),
            ("--verdict", "verdict", &given.verdict),
            ("--node-name", "node", &given.node_name),
        ] {
            let one = |value: &String| {
                // The column would be that of an expression that nobody typed.
                let parsed = format!("{condition}={}", quoted(value)).parse::<Filter>();
                parsed.map_err(|error| anyhow::anyhow!("{flag}: {}", error.fault))
            };
            filters.push(Filter::any(values.iter().map(one).collect::<Result<Vec<_>>>()?));
        }
        if given.encrypted {
            filters.push("encrypted".parse()?);
        }
        if given.unencrypted {
            filters.push("clear".parse()?);
        }
        Ok(Filter::all(filters))
    }
}

fn since(text: &str) -> Result<SystemTime, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH));
    }
    humantime::parse_rfc3339_weak(text)
        .map_err(|_| "expected how long ago, such as 5m, or a time such as 2024-07-06T08:50:28Z".to_owned())
}

const EXIT: &str = "Exit status: 0 everything was shown (that may be nothing), or nobody wants to see more; \
1 no daemon, or an error; 2 a mistake on the command line.";

const EXAMPLES: &str = "\
Examples:
  wgtrace observe --last 20                            what was seen last
  wgtrace observe -f --pod net --to-port 32000         one pod's connections, as they change
  wgtrace observe -f pod=net and not icmp              the same language as in the TUI
  wgtrace observe -f --unencrypted -o json | jq .      what leaves in the clear, for programs
  wgtrace observe --lab --packets --hex drop           dropped packets of all nodes of the lab

A filter is made of conditions, joined by and, or, not and parentheses: ip, port, pod and node (src or dst before them
for one end), proto, tcp, udp, icmp, icmp6, encrypted, clear, leak, peer, iface, hook, drop, drop_reason, verdict, state,
wireguard, message, ipv4, ipv6. A value follows its word, behind a space or an equals sign.

A daemon follows flows only while somebody watches. Without -f what it knows is shown: flows since somebody began
to watch (another `observe -f`, the TUI), and none if nobody did.

Exit status: 0 everything was shown (that may be nothing), or nobody wants to see more; 1 no daemon, or an error;
2 a mistake on the command line.";
