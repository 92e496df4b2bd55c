//! `wgtrace record`: what daemons say, into a file for later.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use futures_util::StreamExt as _;
use wgtrace_api::v1::{DropsRequest, FlowsRequest, LedgerRequest, PacketsRequest};

use crate::client::{Attendance, ServerArgs, Wants, runtime, watch};
use crate::recording::Recorder;
use crate::{io, stop};

/// What `wgtrace record` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct RecordArgs {
    /// Recording to write, for `wgtrace tui --replay`; - for standard output.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Which packets and flows, in the filter language; all, if there is none.
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,

    /// Record whole packets, not only the start of each; for root, unless the node gives it to others.
    #[arg(long)]
    pub(crate) payload: bool,

    /// Record packets inside of ciphertext, too, where the node holds the keys; the same right.
    #[arg(long)]
    pub(crate) decrypted: bool,

    /// End after this time, such as 30s or 5min [default: at Ctrl-C].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) duration: Option<std::time::Duration>,

    #[command(flatten)]
    pub(crate) servers: ServerArgs,
}

/// Runs the command.
pub(crate) fn run(args: &RecordArgs) -> Result<ExitCode> {
    let filter = args.servers.filter(&args.filter)?;
    let servers = args.servers.sockets()?;
    let mut recorder = Recorder::create(&args.file)?;
    let wants = Wants {
        packets: Some(PacketsRequest {
            filter: filter.to_string(),
            snaplen: if args.payload { u32::from(u16::MAX) } else { HEADERS },
            decrypted: args.decrypted,
            ..Default::default()
        }),
        flows: Some(FlowsRequest { filter: filter.to_string(), ..Default::default() }),
        drops: Some(DropsRequest::default()),
        sessions: true,
        ledger: Some(LedgerRequest::default()),
        tables: true,
    };
    let mut attendance = Attendance::new(servers.len(), "flows");
    let mut messages = 0_u64;
    runtime()?.block_on(async {
        let mut stop = stop::Stop::new(args.duration)?;
        let mut told = watch(&servers, &wants).ready_chunks(BATCH);
        loop {
            let batch = tokio::select! {
                () = stop.wait() => break,
                batch = told.next() => batch.unwrap_or_default(),
            };
            for told in &batch {
                recorder.write(told)?;
                messages = messages.saturating_add(1);
                attendance.note(told)?;
            }
            recorder.flush()?;
        }
        anyhow::Ok(())
    })?;
    io::say(format_args!("{messages} messages recorded, {} bytes", recorder.written()));
    Ok(ExitCode::SUCCESS)
}

/// What everybody in the group may see of a packet.
const HEADERS: u32 = 128;
/// Messages between two writes, where they come quickly.
const BATCH: usize = 64;

const EXAMPLES: &str = "\
Examples:
  wgtrace record session.wgtrace                           what this node sees, until Ctrl-C
  wgtrace record --lab session.wgtrace pod=net             all nodes of the lab, one pod
  wgtrace record - --duration 10s | zstd > s.wgtrace.zst   ten seconds, compressed
  wgtrace tui --replay session.wgtrace                     look at it again

A recording that was cut short is read up to the cut.";
