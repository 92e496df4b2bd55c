//! `wgtrace observe`: flows and packets, a line each, in the habits of `hubble observe`.

mod args;
mod flows;
mod json;
mod line;
mod packets;
mod printer;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::{Stream, StreamExt as _};
use wgtrace_api::filter::Filter;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{FlowsRequest, PacketsRequest, Told};

pub(crate) use self::args::ObserveArgs;
use self::flows::Flows;
use self::packets::Packets;
use self::printer::Printer;
use crate::client::{Attendance, Wants, runtime, watch};
use crate::recording::Recording;
use crate::{io, stop};

/// Runs the command.
pub(crate) fn run(args: &ObserveArgs) -> Result<ExitCode> {
    args.check()?;
    let filter = args.filter()?;
    let mut session = Session {
        flows: Flows::new(args.follow(), args.last, args.since(), args.input_file.is_some()),
        packets: Packets::new(args.last, args.since()),
        printer: Printer::new(args.output, args.detail(), args.count),
        is_packets: args.packets,
        filter,
    };
    match &args.input_file {
        Some(file) => session.replay(Recording::open(file, &[])?)?,
        None => runtime()?.block_on(session.listen(args))?,
    }
    if args.packets {
        session.packets.finish(&mut session.printer)?;
    } else {
        session.flows.finish(&mut session.printer)?;
    }
    session.printer.finish()?;
    Ok(ExitCode::SUCCESS)
}

struct Session {
    flows: Flows,
    packets: Packets,
    printer: Printer,
    is_packets: bool,
    filter: Filter,
}

impl Session {
    async fn listen(&mut self, args: &ObserveArgs) -> Result<()> {
        let servers = args.servers.sockets()?;
        let text = self.filter.to_string();
        let wants = if args.packets {
            let snaplen = if args.hex { HEADERS } else { 0 };
            let request = PacketsRequest { filter: text, snaplen, ..Default::default() };
            Wants { packets: Some(request), ..Default::default() }
        } else {
            Wants { flows: Some(FlowsRequest { filter: text, ..Default::default() }), ..Default::default() }
        };
        let mut attendance = Attendance::new(servers.len(), if args.packets { "packets" } else { "flows" });
        let mut stop = stop::Stop::new(args.duration)?;
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        let mut told = watch(&servers, &wants).ready_chunks(BATCH);
        loop {
            let batch = tokio::select! {
                () = stop.wait() => return Ok(()),
                () = &mut patience, if !args.follow() => {
                    ensure!(attendance.is_complete(), "not every daemon answered within {} s", PATIENCE.as_secs());
                    return Ok(());
                }
                batch = next(&mut told) => batch,
            };
            for told in &batch {
                attendance.note(told)?;
                self.take(told)?;
                if self.printer.is_done() {
                    return Ok(());
                }
            }
            self.printer.flush()?;
            let is_over = attendance.is_complete() && self.flows.complete() >= attendance.speaking();
            if !args.follow() && is_over {
                return Ok(());
            }
        }
    }

    fn replay(&mut self, mut recording: Recording) -> Result<()> {
        while let Some(told) = recording.read()?
            && !self.printer.is_done()
        {
            self.take(&told)?;
        }
        if let Some(fault) = recording.fault() {
            io::say(fault);
        }
        Ok(())
    }

    fn take(&mut self, told: &Told) -> Result<()> {
        if let Some(What::Packets(reply)) = &told.what
            && self.is_packets
        {
            self.printer.missed(&told.from, reply.missed, "packets");
            // A recording was made with another filter.
            for packet in reply.packets.iter().filter(|packet| self.filter.matches(*packet)) {
                self.packets.take(packet, &mut self.printer)?;
            }
        }
        if let Some(What::Flows(reply)) = &told.what
            && !self.is_packets
        {
            self.flows.take(&told.from, reply, &self.filter, &mut self.printer)?;
        }
        Ok(())
    }
}

async fn next(told: &mut (impl Stream<Item = Vec<Told>> + Unpin)) -> Vec<Told> {
    match told.next().await {
        Some(batch) => batch,
        // Conversations last as long as they are listened to.
        None => std::future::pending().await,
    }
}

/// What everybody in the group may see of a packet.
const HEADERS: u32 = 128;
/// Messages between two writes, where they come quickly.
const BATCH: usize = 64;
/// For every daemon to say what it knows.
const PATIENCE: Duration = Duration::from_secs(10);
