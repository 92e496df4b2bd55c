//! The thread that empties the rings: it decodes, writes, and counts what arrives.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;
use wgtrace_flow::{Ledger, decode};

use super::clock::Clock;
use super::names::{Names, Naming};
use super::output::Output;
use crate::probe::instance::Instance;
use crate::probe::ring::Rings;

/// Programs of a namespace, shared between who attaches them and who reads their events.
pub(super) type Shared = Arc<Mutex<Instance>>;

/// Everything the thread works with.
pub(super) struct Reader {
    pub(super) rings: Rings,
    pub(super) instances: Vec<Shared>,
    pub(super) names: Names,
    pub(super) news: Receiver<Naming>,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) output: Output,
    /// Set once the gates are closed: what is in the rings then is all there is.
    pub(super) stop: Arc<AtomicBool>,
    /// Told when nothing more will be written, or the rings cannot be read.
    pub(super) over: Option<oneshot::Sender<()>>,
}

/// How the thread ended.
pub(super) struct End {
    /// With everything that arrived.
    pub(super) ledger: Ledger,
    /// Names as they were learnt.
    pub(super) names: Names,
    /// Whether everything was written.
    pub(super) written: io::Result<()>,
    /// Whether the rings could be read.
    pub(super) read: Result<()>,
}

impl Reader {
    /// Reads until it is told to stop, and then what is left.
    pub(super) fn run(mut self) -> End {
        let read = self.read();
        self.tell();
        for (cpu, counters) in self.rings.counters() {
            self.ledger.ring_lost(cpu, counters.lost);
        }
        let written = self.output.end(&self.names, &mut self.clock);
        End { ledger: self.ledger, names: self.names, written, read }
    }

    fn read(&mut self) -> Result<()> {
        let mut next_look = Instant::now() + SECOND;
        loop {
            let is_last = self.stop.load(Ordering::Acquire);
            let now = Instant::now();
            let some = is_last
                || self.rings.wait(self.output.patience(now).min(TICK)).context("cannot wait for events")?;
            self.learn();
            if some {
                self.drain(is_last);
            }
            let now = Instant::now();
            self.output.rows(now, &self.names, &mut self.clock);
            self.output.write();
            if self.output.is_over() {
                self.tell();
            }
            if is_last {
                return Ok(());
            }
            if now >= next_look {
                next_look = now + SECOND;
                self.clock.adjust();
                self.follow_cpus()?;
            }
        }
    }

    fn drain(&mut self, is_last: bool) {
        let Self { rings, names, clock, ledger, output, .. } = self;
        let mut sink = |cpu, record: &[u8]| match decode(record) {
            Ok(packet) => {
                ledger.deliver(cpu, &packet.event);
                output.packet(&packet, cpu, names, clock);
            }
            Err(error) => {
                tracing::debug!(cpu, %error, "record that is no packet event");
                ledger.undecodable(cpu, record);
            }
        };
        let drained = if is_last { rings.flush(&mut sink) } else { rings.drain(&mut sink) };
        if drained.malformed != 0 || drained.unknown != 0 || drained.skipped_bytes != 0 {
            tracing::warn!(
                malformed = drained.malformed,
                unknown = drained.unknown,
                skipped_bytes = drained.skipped_bytes,
                "records that are not the kernel's"
            );
        }
    }

    fn learn(&mut self) {
        for naming in self.news.try_iter() {
            self.names.learn(&naming);
        }
    }

    /// Gives CPUs that came a ring; their programs were deaf until then.
    fn follow_cpus(&mut self) -> Result<()> {
        let changed = self.rings.refresh().context("cannot follow CPUs that come and go")?;
        if changed.added.is_empty() {
            return Ok(());
        }
        tracing::info!(cpus = ?changed.added, "CPUs came");
        for instance in &self.instances {
            let mut instance = instance.lock().unwrap_or_else(PoisonError::into_inner);
            instance.connect(&self.rings).context("cannot connect the rings of new CPUs")?;
        }
        Ok(())
    }

    fn tell(&mut self) {
        if let Some(over) = self.over.take() {
            // who would hear it is ending already
            let _ = over.send(());
        }
    }
}

/// Longest sleep: names and the word to stop are looked for this often.
const TICK: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);
