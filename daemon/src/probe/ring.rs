//! Per-CPU perf rings: where programs leave their events, and how they get here.
//!
//! One ring for each online CPU, woken by a watermark instead of by each event, read in place.
//!
//! ```no_run
//! use std::time::Duration;
//! use wgtraced::probe::ring::{RingSettings, Rings};
//!
//! let mut rings = Rings::open(&RingSettings::default())?;
//! if rings.wait(Duration::from_secs(1))? {
//!     let drained = rings.drain(&mut |cpu, record| println!("{cpu}: {} bytes", record.len()));
//!     assert_eq!(drained.lost, 0);
//! }
//! # Ok::<(), wgtraced::probe::ring::RingError>(())
//! ```

pub mod cpus;
mod error;
mod mapping;
mod merge;
mod pulse;
mod reader;
mod record;
mod settings;
mod tally;
mod wakeup;

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use rustix::{
    io::Errno,
    time::{ClockId, clock_gettime},
};

pub use self::{
    error::RingError,
    settings::{MOST_PAGES, RingSettings},
    tally::{Drained, RingCounters},
};
use self::{
    mapping::{Mapping, OpenError},
    merge::{Horizon, Merge},
    reader::Reader,
    wakeup::Wakeup,
};

/// The rings of all online CPUs.
#[derive(Debug)]
pub struct Rings {
    per_cpu: Vec<(u32, Reader<Mapping>)>,
    /// CPUs that went offline, or whose event died with them: no more comes, and the rings go when they are empty.
    leaving: Vec<u32>,
    merge: Merge,
    wakeup: Wakeup,
    settings: RingSettings,
    capacity: u64,
    /// What rings that are gone had counted.
    retired: RingCounters,
}

/// What [`Rings::refresh`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refreshed {
    /// CPUs with a new ring: nothing comes from there until every instance connects again.
    pub added: Vec<u32>,
    /// CPUs without a ring from now on; what was in it comes with the next drain.
    pub removed: Vec<u32>,
}

impl Rings {
    /// Opens a ring on each online CPU.
    pub fn open(settings: &RingSettings) -> Result<Self, RingError> {
        let capacity = settings.capacity()?;
        let mut rings = Self {
            per_cpu: Vec::new(),
            leaving: Vec::new(),
            merge: Merge::new(),
            wakeup: Wakeup::new()?,
            settings: *settings,
            capacity,
            retired: RingCounters::default(),
        };
        rings.refresh()?;
        if rings.per_cpu.is_empty() { Err(RingError::NoCpu) } else { Ok(rings) }
    }

    /// Sleeps until a watermark is reached or anything is there when the flush timer ticks, at most for `timeout`;
    /// returns whether there is something to drain.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool, RingError> {
        let mut left = timeout;
        loop {
            let slice = left.min(self.settings.flush);
            let woken = self.sleep(slice)?;
            left = left.saturating_sub(slice);
            if woken || self.load() > 0 {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    /// Hands out events of all CPUs in the order of their times, with their CPU, as they are in the ring: a
    /// `PacketEvent`, packet bytes, padding.
    ///
    /// The newest (up to a millisecond) stay for the next drain, since another CPU may still publish an older one;
    /// `pending` tells. Only what is in the rings when it begins is handed out.
    pub fn drain(&mut self, sink: &mut impl FnMut(u32, &[u8])) -> Drained {
        let now = boot_time();
        let fullest = self.load();
        self.hand_out(Horizon::at(now, fullest, self.capacity), sink)
    }

    /// Like [`drain`](Self::drain), holding nothing back: for the end, after gates are closed.
    pub fn flush(&mut self, sink: &mut impl FnMut(u32, &[u8])) -> Drained {
        let now = boot_time();
        self.load();
        self.hand_out(Horizon::none(now), sink)
    }

    /// Opens rings on CPUs that came online, and lets go of those that went. One that is back since the last call is
    /// found by this one or the next. Cheap enough for each second.
    ///
    /// Whatever it reports, each instance must connect again.
    pub fn refresh(&mut self) -> Result<Refreshed, RingError> {
        self.follow(&cpus::read(cpus::ONLINE)?)
    }

    /// The perf events by CPU, without those on their way out.
    pub fn fds(&self) -> impl Iterator<Item = (u32, BorrowedFd<'_>)> {
        let staying = self.per_cpu.iter().filter(|(cpu, _)| !self.leaving.contains(cpu));
        staying.map(|(cpu, reader)| (*cpu, reader.memory().as_fd()))
    }

    /// What the ring of each CPU counted so far.
    pub fn counters(&self) -> impl Iterator<Item = (u32, RingCounters)> {
        self.per_cpu.iter().map(|(cpu, reader)| (*cpu, reader.counters()))
    }

    /// How many events found no room on each CPU by the kernel's own count, which LOST records run behind;
    /// `None` before Linux 6.0.
    pub fn kernel_losses(&self) -> impl Iterator<Item = (u32, Option<u64>)> {
        self.per_cpu.iter().map(|(cpu, reader)| (*cpu, reader.memory().lost()))
    }

    /// Bytes in each ring.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    fn follow(&mut self, online: &[u32]) -> Result<Refreshed, RingError> {
        let mut done = Refreshed::default();
        for (cpu, reader) in &mut self.per_cpu {
            // one that came back meanwhile has left its event behind
            let is_gone = !online.contains(cpu) || reader.memory_mut().is_dead();
            if is_gone && !self.leaving.contains(cpu) {
                self.leaving.push(*cpu);
            }
        }
        done.removed.clone_from(&self.leaving);
        self.drop_empty();
        for cpu in online {
            // the old ring of a CPU that is back is emptied first
            if self.per_cpu.iter().any(|(other, _)| other == cpu) {
                continue;
            }
            if self.open_one(*cpu)? {
                done.added.push(*cpu);
            }
        }
        Ok(done)
    }

    /// False when the CPU went offline meanwhile.
    fn open_one(&mut self, cpu: u32) -> Result<bool, RingError> {
        let mapping =
            match Mapping::open(cpu, self.settings.pages(), self.settings.watermark_of(self.capacity)) {
                Err(OpenError::Event(Errno::NODEV)) => return Ok(false),
                opened => {
                    opened.map_err(|error| RingError::opening(error, cpu, self.capacity, error::sysctl))?
                }
            };
        self.wakeup.add(cpu, &mapping)?;
        self.per_cpu.push((cpu, Reader::new(mapping)));
        Ok(true)
    }

    /// Whether a watermark was reached within `time`.
    fn sleep(&mut self, time: Duration) -> Result<bool, RingError> {
        let woken = self.wakeup.sleep(time)?;
        for cpu in woken.dead {
            if let Some((_, reader)) = self.per_cpu.iter().find(|(other, _)| *other == cpu) {
                self.wakeup.remove(reader.memory())?;
            }
            if !self.leaving.contains(&cpu) {
                self.leaving.push(cpu);
            }
        }
        Ok(woken.reached)
    }

    /// Looks at all producers; returns the bytes in the fullest ring.
    fn load(&mut self) -> u64 {
        self.per_cpu.iter_mut().map(|(_, reader)| reader.load()).max().unwrap_or(0)
    }

    fn hand_out(&mut self, horizon: Horizon, sink: &mut impl FnMut(u32, &[u8])) -> Drained {
        let before = self.total();
        let merged = self.merge.run(&mut self.per_cpu, horizon, sink);
        let drained = merged.with(&before, &self.total());
        if !self.leaving.is_empty() {
            self.drop_empty();
        }
        drained
    }

    fn drop_empty(&mut self) {
        let Self { per_cpu, leaving, retired, wakeup, .. } = self;
        per_cpu.retain_mut(|(cpu, reader)| {
            let gone = leaving.contains(cpu) && reader.load() == 0;
            if gone {
                *retired = retired.plus(&reader.counters());
                leaving.retain(|other| other != cpu);
                // maps of programs keep the event open; it must not wake us any more, and cannot fail here
                let _ = wakeup.remove(reader.memory());
            }
            !gone
        });
    }

    fn total(&self) -> RingCounters {
        self.per_cpu.iter().fold(self.retired, |sum, (_, reader)| sum.plus(&reader.counters()))
    }
}

/// The epoll descriptor: readable when a watermark is reached. It knows nothing of the flush timer.
impl AsFd for Rings {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakeup.as_fd()
    }
}

/// The clock that programs read.
fn boot_time() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests;
