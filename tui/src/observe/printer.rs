//! Lines to standard output.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use wgtrace_api::v1::{Flow, Packet};

use super::args::Format;
use super::flows::Event;
use super::table::Table;
use super::{json, line};
use crate::io;

/// What is shown of a packet besides what is always shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    pub(super) is_verbose: bool,
    pub(super) is_hex: bool,
}

#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    detail: Detail,
    /// Lines that may still be written.
    left: Option<u64>,
    text: String,
    table: Table,
    missed: BTreeMap<String, Missed>,
}

/// What a daemon could not tell for this reader's slowness.
#[derive(Debug, Default)]
struct Missed {
    count: u64,
    said: u64,
    at: Option<Instant>,
    what: &'static str,
}

impl Printer {
    pub(super) fn new(format: Format, detail: Detail, count: Option<u64>) -> Self {
        Self {
            format,
            detail,
            left: count,
            text: String::new(),
            table: Table::default(),
            missed: BTreeMap::new(),
        }
    }

    /// Whether as many lines were asked for as there are.
    pub(super) fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    pub(super) fn flow(&mut self, event: Event, flow: &Flow) -> Result<()> {
        if !self.count() {
            return Ok(());
        }
        match self.format {
            Format::Compact => self.line(&line::flow(event, flow)),
            Format::Json => writeln!(self.text, "{}", json::flow(event, flow))?,
            Format::Table => self.table.row(line::flow_row(event, flow)),
        }
        self.soon()
    }

    pub(super) fn packet(&mut self, packet: &Packet) -> Result<()> {
        if !self.count() {
            return Ok(());
        }
        match self.format {
            Format::Compact => self.line(&line::packet(packet, self.detail)),
            Format::Json => writeln!(self.text, "{}", json::packet(packet, self.detail))?,
            Format::Table => self.table.row(line::packet_row(packet, self.detail)),
        }
        self.soon()
    }

    /// Says what is missing, at most once a second for each daemon.
    pub(super) fn missed(&mut self, from: &str, count: u64, what: &'static str) {
        if count == 0 {
            return;
        }
        let missed = self.missed.entry(from.to_owned()).or_default();
        if count < missed.count {
            // Another stream, which counts from its own start.
            missed.said = 0;
        }
        (missed.count, missed.what) = (count, what);
        if count > missed.said && missed.at.is_none_or(|at| at.elapsed() >= SECOND) {
            let text = missed.say(from, self.format);
            self.text.push_str(&text);
        }
    }

    /// Hands on what was written.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.table.drain(&mut self.text);
        if self.text.is_empty() {
            return Ok(());
        }
        io::print(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// The last words.
    pub(super) fn finish(&mut self) -> Result<()> {
        let format = self.format;
        let late = self.missed.iter_mut().filter(|(_, missed)| missed.count > missed.said);
        let said: String = late.map(|(from, missed)| missed.say(from, format)).collect();
        self.text.push_str(&said);
        self.flush()
    }

    fn count(&mut self) -> bool {
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None => true,
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&io::plain(line));
        self.text.push('\n');
    }

    /// Much is not held back.
    fn soon(&mut self) -> Result<()> {
        if self.text.len() >= ENOUGH { self.flush() } else { Ok(()) }
    }
}

impl Missed {
    /// To the person, and to a program what it reads.
    fn say(&mut self, from: &str, format: Format) -> String {
        (self.said, self.at) = (self.count, Some(Instant::now()));
        io::say(format_args!("{from}: {} {} missed so far: this reader is too slow", self.count, self.what));
        if format == Format::Json {
            return format!(
                "{}\n",
                json!({"type": "missed", "node": from, "count": self.count, "what": self.what})
            );
        }
        String::new()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const ENOUGH: usize = 64 << 10;
