//! `wgtrace capture`: packets of many nodes and hooks, as one pcapng.

mod files;
mod section;
mod size;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use futures_util::StreamExt as _;
use wgtrace_abi::Hook;
use wgtrace_api::v1::PacketsRequest;
use wgtrace_api::v1::told::What;

use self::files::Files;
use crate::client::{Attendance, ServerArgs, Wants, runtime, watch};
use crate::{io, stop};

/// What `wgtrace capture` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CaptureArgs {
    /// Which packets, in the filter language (`wgtrace observe --help`); all, if there is none.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    /// Capture to write, a pcapng; - for standard output.
    #[arg(short, long, value_name = "FILE")]
    write: PathBuf,

    /// Hook at which packets are seen; may be repeated [default: all].
    #[arg(long = "hook", value_name = "HOOK", value_parser = hook())]
    hooks: Vec<String>,

    /// Whole packets, not only the first 128 bytes of each; for root, unless the node gives it to others.
    #[arg(long)]
    payload: bool,

    /// End after so many packets.
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,

    /// End after this time, such as 30s or 5min [default: at Ctrl-C].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,

    /// Begin another file after so many bytes, such as 100M: FILE-00001, FILE-00002, ..
    #[arg(long, value_name = "SIZE", value_parser = size::bytes)]
    max_size: Option<u64>,

    /// Keep so many of these files, the newest.
    #[arg(long, value_name = "N", requires = "max_size")]
    files: Option<NonZeroUsize>,

    #[command(flatten)]
    servers: ServerArgs,
}

/// Runs the command.
pub(crate) fn run(args: &CaptureArgs) -> Result<ExitCode> {
    let filter = args.servers.filter(&args.filter)?;
    let servers = args.servers.sockets()?;
    let mut files = Files::create(&args.write, args.max_size, args.files)?;
    let request = PacketsRequest {
        filter: filter.to_string(),
        hooks: args.hooks.clone(),
        snaplen: if args.payload { u32::from(u16::MAX) } else { HEADERS },
        decrypted: false,
    };
    let wants = Wants { packets: Some(request), ..Default::default() };
    let mut attendance = Attendance::new(servers.len(), "packets");
    let mut captured = 0_u64;
    // Of the stream of now, and of those before it.
    let mut missed = BTreeMap::<String, (u64, u64)>::new();
    let ended = runtime()?.block_on(async {
        let mut stop = stop::Stop::new(args.duration)?;
        let mut told = watch(&servers, &wants).ready_chunks(BATCH);
        loop {
            let batch = tokio::select! {
                () = stop.wait() => return Ok(()),
                batch = told.next() => batch.unwrap_or_default(),
            };
            for told in &batch {
                attendance.note(told)?;
                let Some(What::Packets(reply)) = &told.what else { continue };
                let (now, before) = missed.entry(told.from.clone()).or_default();
                if reply.missed < *now {
                    *before = before.saturating_add(*now);
                }
                *now = reply.missed;
                for packet in &reply.packets {
                    if args.count.is_some_and(|count| captured >= count) {
                        break;
                    }
                    files.write(packet)?;
                    captured = captured.saturating_add(1);
                }
            }
            files.flush()?;
            if args.count.is_some_and(|count| captured >= count) {
                return anyhow::Ok(());
            }
        }
    });
    // A reader that has seen enough is told as much as any other.
    for (node, (now, before)) in &missed {
        if let missed @ 1.. = now.saturating_add(*before) {
            io::say(format_args!("{node}: {missed} packets missed: this reader is too slow"));
        }
    }
    io::say(format_args!("{captured} packets captured"));
    ended.map(|()| ExitCode::SUCCESS)
}

fn hook() -> clap::builder::PossibleValuesParser {
    Hook::ALL.map(Hook::name).into()
}

/// What everybody in the group may see of a packet.
const HEADERS: u32 = 128;
/// Messages between two writes, where they come quickly.
const BATCH: usize = 64;

const EXAMPLES: &str = "\
Examples:
  wgtrace capture -w - | tshark -r -                        every hook of this node, live
  wgtrace capture -w pod.pcapng --lab pod=net               one pod, at all nodes of the lab
  wgtrace capture -w eth0.pcapng --hook tap-out --payload   what really left, whole: for `wgtrace decrypt`
  wgtrace capture -w ring.pcapng --max-size 100M --files 5  the last 400 to 500 megabytes of it

Every hook of an interface of a node is an interface of the file; what was decided, for whom, and which peer it goes to
stands in each packet's comment.";
