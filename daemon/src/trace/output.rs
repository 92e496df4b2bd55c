//! Where packets go, and as what.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use wgtrace_flow::{Packet, pcapng};

use super::clock::Clock;
use super::flows::Flows;
use super::json::json;
use super::line::{hexdump, line};
use super::names::Names;

/// As what packets are written.
pub(super) enum Form {
    /// A line each, and the bytes if so wanted.
    Lines {
        /// Whether bytes follow.
        hex: bool,
    },
    /// A JSON object each.
    Objects,
    /// Rows of the flows they belong to, from time to time.
    Flows(Box<Flows>),
    /// Records of a pcapng section, which has begun.
    Capture(Box<pcapng::Writer>),
}

/// Packets on their way out, through one buffer that is reused.
pub(super) struct Output {
    form: Form,
    buffer: Vec<u8>,
    to: Box<dyn Write + Send>,
    /// Packets still to be written.
    left: Option<u64>,
    fault: Option<io::Error>,
    next_rows: Instant,
}

impl Output {
    /// Ends with `count` packets, if that is said.
    pub(super) fn new(mut form: Form, to: Box<dyn Write + Send>, count: Option<u64>) -> Self {
        let mut buffer = Vec::with_capacity(2 * CHUNK);
        if let Form::Capture(writer) = &mut form {
            writer.begin(&mut buffer);
        }
        Self { form, buffer, to, left: count, fault: None, next_rows: Instant::now() }
    }

    /// Whether nothing more will be written: all that was wanted is, or nobody takes it.
    pub(super) fn is_over(&self) -> bool {
        self.left == Some(0) || self.fault.is_some()
    }

    /// Takes a packet.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, cpu: u32, names: &Names, clock: &mut Clock) {
        if self.is_over() {
            return;
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        match &mut self.form {
            Form::Lines { hex } => {
                line(packet, names, clock, &mut self.buffer);
                if *hex {
                    hexdump(packet.bytes, &mut self.buffer);
                }
            }
            Form::Objects => json(packet, cpu, names, clock, &mut self.buffer),
            Form::Flows(flows) => flows.update(packet),
            Form::Capture(writer) => writer.write(packet, || interface(packet, names), &mut self.buffer),
        }
        if self.buffer.len() >= CHUNK {
            self.write();
        }
    }

    /// Writes the rows of flows when it is time.
    pub(super) fn rows(&mut self, now: Instant, names: &Names, clock: &mut Clock) {
        if let Form::Flows(flows) = &mut self.form
            && now >= self.next_rows
            && self.fault.is_none()
        {
            self.next_rows = now + flows.interval();
            flows.rows(names, clock, &mut self.buffer);
            self.write();
        }
    }

    /// How long until rows are due.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        match self.form {
            Form::Flows(_) => self.next_rows.saturating_duration_since(now),
            Form::Lines { .. } | Form::Objects | Form::Capture(_) => Duration::MAX,
        }
    }

    /// Writes what is in the buffer.
    pub(super) fn write(&mut self) {
        if self.fault.is_none()
            && !self.buffer.is_empty()
            && let Err(error) = self.to.write_all(&self.buffer).and_then(|()| self.to.flush())
        {
            self.fault = Some(error);
        }
        self.buffer.clear();
    }

    /// Writes everything that is left, and says what went wrong; that nobody reads any more is no fault.
    pub(super) fn end(mut self, names: &Names, clock: &mut Clock) -> io::Result<()> {
        if let Form::Flows(flows) = &mut self.form {
            flows.rows(names, clock, &mut self.buffer);
        }
        self.write();
        match self.fault {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// What a capture calls the interface of a packet.
fn interface(packet: &Packet<'_>, names: &Names) -> pcapng::Name {
    let (netns, ifindex) = (packet.event.netns, packet.event.ifindex);
    let name = names.interface(netns, ifindex).map_or_else(|| format!("if{ifindex}"), str::to_owned);
    let netns = names.namespace(netns).map_or_else(|| netns.to_string(), str::to_owned);
    pcapng::Name { name, description: format!("network namespace {netns}") }
}

/// Bytes to gather before they are written.
const CHUNK: usize = 64 << 10;
