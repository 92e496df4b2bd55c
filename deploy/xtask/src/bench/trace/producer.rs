//! Packets that one CPU makes as fast as it can.

use std::os::fd::{AsFd as _, AsRawFd as _};

use anyhow::{Context as _, Result, bail};
use aya::maps::Map;
use aya::programs::{SchedClassifier, TestRun as _, TestRunOptions};
use wgtrace_abi::{Hook, HookCounters, names};
use wgtrace_testbed::Namespace;
use wgtraced::probe::instance::Instance;
use wgtraced::probe::ring::Rings;

/// An instance whose program is run by itself, on the CPU of the caller.
#[derive(Debug)]
pub(super) struct Producer {
    instance: Instance,
    frame: Vec<u8>,
}

/// The hook that is measured; those of the others differ in its number alone.
pub(super) const HOOK: Hook = Hook::ToNetdev;

impl Producer {
    /// One whose events go to `rings`, or nowhere.
    pub(super) fn new(rings: Option<&Rings>) -> Result<Self> {
        let mut instance = Instance::load(Namespace::current()?.inode()?)?;
        instance.verify(HOOK)?;
        if let Some(rings) = rings {
            instance.connect(rings)?;
        }
        Ok(Self { instance, frame: frame() })
    }

    /// Opens the gate.
    pub(super) fn listen(&mut self, snaplen: u16) -> Result<()> {
        Ok(self.instance.open_gate(HOOK, snaplen, 1)?)
    }

    /// So many packets; mean time of one, in nanoseconds.
    pub(super) fn send(&mut self, packets: u32) -> Result<f64> {
        let program = self.instance.object_mut().program_mut(names::program(HOOK)).context("no program")?;
        let program: &mut SchedClassifier = program.try_into()?;
        let options =
            TestRunOptions { data_in: Some(&self.frame), repeat: packets, ..TestRunOptions::default() };
        let run = program.test_run(options)?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        Ok(run.duration.as_nanos() as f64)
    }

    /// Descriptor of the map that leads to the rings.
    pub(super) fn events(&mut self) -> Result<i32> {
        match self.instance.object_mut().map(names::EVENTS) {
            Some(Map::PerfEventArray(events)) => Ok(events.fd().as_fd().as_raw_fd()),
            Some(_) | None => bail!("the object has no map of events"),
        }
    }

    /// What happened at the hook, on all CPUs.
    pub(super) fn counters(&self) -> Result<HookCounters> {
        let mut sum = HookCounters::default();
        for (_, hook, counters) in self.instance.counters()? {
            if hook == HOOK {
                sum.produced += counters.produced;
                sum.lost_full += counters.lost_full;
                sum.lost_busy += counters.lost_busy;
                sum.lost_other += counters.lost_other;
                sum.unheard += counters.unheard;
            }
        }
        Ok(sum)
    }
}

/// A full-size TCP segment.
pub(super) fn frame() -> Vec<u8> {
    let headers = [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..],
        &[0x45, 0, 0x05, 0xdc, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 1, 203, 10, 0, 2, 194],
        &[0xc0, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0],
    ];
    let mut frame = headers.concat();
    frame.resize(1514, 0);
    frame
}
