//! What the checks are made on: a veth between two namespaces, and the object loaded for one of them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use wgtrace_abi::{Gate, Hook, HookCounters, PacketEvent, names};
use wgtrace_testbed::{Flood, Line, Sink};
use wgtraced::probe::Interface;
use wgtraced::probe::instance::{Instance, RunStatistics};
use wgtraced::probe::ring::{RingSettings, Rings};
use zerocopy::FromBytes as _;

/// Where floods go, at either end.
const PORT: u16 = 9;

/// A line whose right end is watched.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) line: Line,
    pub(crate) instance: Instance,
    /// The right end.
    pub(crate) eth0: Interface,
    rings: Rings,
    _statistics: RunStatistics,
    _sinks: [Sink; 2],
}

impl Stage {
    pub(crate) fn new() -> Result<Self> {
        let line = Line::new().context("cannot lay a line")?;
        let sinks = [
            line.left.run(|| Sink::bind(Line::left_port(PORT)))??,
            line.right.run(|| Sink::bind(Line::right_port(PORT)))??,
        ];
        let mut instance = Instance::load(line.right.inode()?)?;
        let rings = Rings::open(&roomy())?;
        instance.connect(&rings)?;
        let eth0 = Interface { name: "eth0".to_owned(), index: line.right.link("eth0")?.index };
        Ok(Self { line, instance, eth0, rings, _statistics: RunStatistics::enable()?, _sinks: sinks })
    }

    /// Exchanges the rings for others.
    pub(crate) fn use_rings(&mut self, settings: &RingSettings) -> Result<()> {
        self.rings = Rings::open(settings)?;
        Ok(self.instance.connect(&self.rings)?)
    }

    /// Floods the right end: what it takes in.
    pub(crate) fn flood_in(&self, count: u64) -> Result<u64> {
        self.line.left.run(|| Flood::new(Line::right_port(PORT), count, 64).send())?
    }

    /// Floods from the right end: what it puts out.
    pub(crate) fn flood_out(&self, count: u64) -> Result<u64> {
        self.line.right.run(|| Flood::new(Line::left_port(PORT), count, 64).send())?
    }

    /// Opens the gates of `hooks`, has `send` send, closes them, and accounts for what was sent.
    pub(crate) fn observe(
        &mut self,
        hooks: &[Hook],
        send: impl FnOnce(&Self) -> Result<u64>,
    ) -> Result<Observed> {
        let before = (totals(&self.instance)?, self.runs()?);
        for hook in hooks {
            self.instance.open_gate(*hook, Gate::DEFAULT_SNAPLEN, 1)?;
        }
        let sent = send(self)?;
        self.instance.close_gates()?;
        let mut delivered = BTreeMap::<Hook, u64>::new();
        let mut last = None;
        let drained = self.rings.flush(&mut |_cpu, record| {
            if let Ok((event, packet)) = PacketEvent::read_from_prefix(record)
                && event.is_supported()
                && let Some(hook) = event.hook()
            {
                *delivered.entry(hook).or_default() += 1;
                let packet = packet.get(..usize::from(event.captured)).unwrap_or_default();
                last = Some((event, packet.to_vec()));
            }
        });
        ensure!(drained.malformed == 0 && drained.unknown == 0, "records that nobody can read: {drained:?}");
        let after = (totals(&self.instance)?, self.runs()?);
        let accounts = hooks.iter().map(|hook| {
            let zero = HookCounters::default();
            let (old, new) = (before.0.get(hook).unwrap_or(&zero), after.0.get(hook).unwrap_or(&zero));
            let runs = |of: &BTreeMap<&str, u64>| of.get(names::program(*hook)).copied().unwrap_or_default();
            let account = Account {
                sent,
                runs: runs(&after.1) - runs(&before.1),
                produced: new.produced - old.produced,
                lost: new.lost() - old.lost(),
                delivered: delivered.get(hook).copied().unwrap_or_default(),
            };
            (*hook, account)
        });
        Ok(Observed { accounts: accounts.collect(), lost_records: drained.lost, last })
    }

    fn runs(&self) -> Result<BTreeMap<&'static str, u64>> {
        Ok(self.instance.programs()?.into_iter().map(|program| (program.name, program.runs)).collect())
    }
}

/// Rings in which every event of a flood has room, so that none need be drained before its end.
pub(crate) fn roomy() -> RingSettings {
    RingSettings { pages_per_cpu: 4096, ..RingSettings::default() }
}

/// What became of what was sent, at each of the hooks.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) accounts: Vec<(Hook, Account)>,
    /// What the rings say is lost.
    pub(crate) lost_records: u64,
    /// The last event and its packet.
    pub(crate) last: Option<(PacketEvent, Vec<u8>)>,
}

/// What became of it at one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) sent: u64,
    pub(crate) runs: u64,
    pub(crate) produced: u64,
    pub(crate) lost: u64,
    pub(crate) delivered: u64,
}

impl Account {
    /// Every packet is an event, every event is here.
    pub(crate) fn whole(self) -> Result<String> {
        let Self { sent, runs, produced, lost, delivered } = self;
        let words =
            format!("sent {sent}, runs {runs}, produced {produced}, lost {lost}, delivered {delivered}");
        ensure!(sent > 0 && [runs, produced, delivered] == [sent; 3] && lost == 0, "{words}");
        Ok(words)
    }
}

fn totals(instance: &Instance) -> Result<BTreeMap<Hook, HookCounters>> {
    let mut totals = BTreeMap::<Hook, HookCounters>::new();
    for (_cpu, hook, counters) in instance.counters()? {
        let total = totals.entry(hook).or_default();
        total.produced += counters.produced;
        total.unheard += counters.unheard;
        total.lost_full += counters.lost_full;
        total.lost_busy += counters.lost_busy;
        total.lost_other += counters.lost_other;
    }
    Ok(totals)
}
