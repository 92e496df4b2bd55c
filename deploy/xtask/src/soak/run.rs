//! The time that it lasts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use tokio::runtime::Runtime;
use wgtrace_api::v1::LedgerReply;
use wgtrace_lab::Lab;
use wgtrace_lab::control::Daemon;
use wgtrace_lab::leak::{Seen, Watch};

use super::furniture::Furniture;
use super::memory::{Series, Use};
use super::objects::Objects;
use super::plan::{CYCLE, Cycle, Plan};
use super::screen::Screen;
use super::sessions::{Daemons, Sessions};
use super::table::Table;
use super::traffic::Traffic;
use super::{NEEDLES, PATIENCE, PAUSE, ask, judge};
use crate::cluster::Cluster;

/// A soak under way.
pub(super) struct Soak<'a> {
    programs: &'a Path,
    lab: &'a Lab,
    length: Duration,
    plan: Plan,
    begin: Instant,
    /// Processes by what they are, one after the other where they were killed.
    used: BTreeMap<(String, u32), Series>,
    sessions: Sessions,
    /// Every BPF program and map that a daemon of the lab ever had.
    objects: Objects,
    kills: BTreeMap<String, u64>,
    /// Cycles, and the rekeys in each.
    cycles: Vec<u64>,
    runtime: Runtime,
}

/// What was found, for [`judge`].
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) length: Duration,
    pub(super) survivor: &'a str,
    pub(super) kills: &'a BTreeMap<String, u64>,
    pub(super) cycles: &'a [u64],
    pub(super) used: &'a BTreeMap<(String, u32), Series>,
    pub(super) traffic: (Vec<String>, u64),
    pub(super) ledgers: Vec<LedgerReply>,
    pub(super) seen: Seen,
    pub(super) furniture: [Furniture; 2],
    pub(super) objects: [[usize; 2]; 2],
}

impl<'a> Soak<'a> {
    /// On a lab that is up.
    pub(super) fn on(cluster: &'a Cluster, length: Duration, seed: u64) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            programs: &cluster.programs,
            lab: &cluster.lab,
            length,
            plan: Plan::of(seed),
            begin: Instant::now(),
            used: BTreeMap::new(),
            sessions: Sessions::default(),
            objects: Objects::default(),
            kills: BTreeMap::new(),
            cycles: Vec::new(),
            runtime,
        })
    }

    /// Has it last, and judges it; the BPF programs and maps that daemons of the lab had.
    pub(super) fn run(mut self, table: &mut Table) -> Result<Objects> {
        let lab = self.lab;
        let traffic = Traffic::on(lab)?;
        let mut watch = Watch::start(lab, NEEDLES)?;
        let screen = Screen::open(self.programs, lab)?;
        let tui = screen.pid();
        let over = AtomicBool::new(false);
        let survivor = self.name_of(self.plan.survivor())?;
        let (ledgers, furniture, objects) = std::thread::scope(|scope| {
            let watched = scope.spawn(|| screen.watch(&over));
            let ended = traffic.start(scope, lab).and_then(|()| {
                self.begin = Instant::now();
                let first = self.look(tui, &mut watch)?;
                let furniture = Furniture::of(lab, &first)?;
                let objects = self.objects.among(&Objects::alive()?).counts();
                self.last(tui, &mut watch)?;
                // to one that was started just now, the TUI may not listen yet
                self.ledgers(&ask::begun_ledger)?;
                traffic.stop();
                let ledgers = self.ledgers(&ask::settled_ledger)?;
                let last = self.look(tui, &mut watch)?;
                let still = self.settled(objects)?;
                Ok((ledgers, [furniture, Furniture::of(lab, &last)?], [objects, still]))
            });
            traffic.stop();
            over.store(true, Ordering::Relaxed);
            let left = watched.join().map_err(|_| anyhow!("the TUI's thread panicked"))?;
            let ended = ended?;
            left.context("the TUI")?;
            Ok::<_, anyhow::Error>(ended)
        })?;
        let found = Found {
            length: self.begin.elapsed(),
            survivor: &survivor,
            kills: &self.kills,
            cycles: &self.cycles,
            used: &self.used,
            traffic: traffic.told(),
            ledgers,
            seen: watch.stop()?,
            furniture,
            objects,
        };
        judge::judge(&found, table);
        Ok(self.objects)
    }

    /// How many programs and maps there are when there are no more than there were; else when that was waited for. The kernel
    /// takes back what nobody has a moment after, and a view of the TUI that is open just now may take one.
    fn settled(&self, [most_programs, most_maps]: [usize; 2]) -> Result<[usize; 2]> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let [programs, maps] = self.objects.among(&Objects::alive()?).counts();
            let is_settled = programs <= most_programs && maps <= most_maps;
            if is_settled || Instant::now() >= deadline {
                return Ok([programs, maps]);
            }
            sleep(PAUSE);
        }
    }

    /// Cycle after cycle until the time is over; the last one until its rekey was seen.
    fn last(&mut self, tui: u32, watch: &mut Watch) -> Result<()> {
        while self.begin.elapsed() < self.length {
            let cycle = self.plan.cycle();
            self.cycles.push(0);
            self.cycle(cycle, tui, watch)?;
        }
        Ok(())
    }

    fn cycle(&mut self, cycle: Cycle, tui: u32, watch: &mut Watch) -> Result<()> {
        let [survivor, victim, spared] =
            [self.plan.survivor(), cycle.victim, cycle.spared].map(|number| self.name_of(number));
        let (survivor, victim, spared) = (survivor?, victim?, spared?);
        eprintln!("soak: {:?}: {victim} is killed now and then", self.at());
        let before = self.sessions.rekeys(&survivor, &spared);
        let until = Instant::now() + CYCLE;
        let mut kill = self.plan.kill();
        let mut due = Instant::now() + kill.after;
        loop {
            let rekeys = self.sessions.rekeys(&survivor, &spared) - before;
            if let Some(last) = self.cycles.last_mut() {
                *last = rekeys;
            }
            let is_enough = self.begin.elapsed() >= self.length && rekeys > 0;
            if is_enough || Instant::now() >= until {
                return Ok(());
            }
            if Instant::now() >= due {
                self.lab.daemon(Daemon::Kill, &victim)?;
                sleep(kill.pause);
                self.lab.daemon(Daemon::Start, &victim).with_context(|| format!("{victim} was killed"))?;
                *self.kills.entry(victim.clone()).or_default() += 1;
                kill = self.plan.kill();
                due = Instant::now() + kill.after;
            }
            self.look(tui, watch)?;
            sleep(SECOND);
        }
    }

    /// Takes in how everything is now; the daemons that run.
    fn look(&mut self, tui: u32, watch: &mut Watch) -> Result<Daemons> {
        let mut daemons = Daemons::new();
        for state in self.lab.daemons()? {
            let pid = state
                .pid
                .with_context(|| format!("wgtraced of {} ended by itself: {:?}", state.node, state.ended));
            daemons.insert(state.node, u32::try_from(pid?)?);
        }
        let supervisor = u32::try_from(self.lab.supervisor())?;
        let named = daemons.iter().map(|(node, pid)| (format!("wgtraced of {node}"), *pid));
        let others = [("wgtrace tui".to_owned(), tui), ("the lab's supervisor".to_owned(), supervisor)];
        let at = self.at();
        for (name, pid) in named.chain(others) {
            let used = Use::of(pid, at).with_context(|| format!("{name} has ended"))?;
            self.used.entry((name, pid)).or_default().push(used);
        }
        for node in self.lab.nodes() {
            let pid = daemons.get(node.name()).context("a daemon is missing")?;
            self.objects.add_of(*pid)?;
            let peers = self.runtime.block_on(ask::peers(&node.socket()));
            let peers = peers.with_context(|| format!("the peers of {}", node.name()))?;
            self.sessions.take(node.name(), &peers, &daemons);
        }
        watch.look();
        Ok(daemons)
    }

    /// The accounts of all daemons.
    fn ledgers(&self, ask: &impl AsyncFn(&Path) -> Result<LedgerReply>) -> Result<Vec<LedgerReply>> {
        let ledger = |node: &wgtrace_lab::Node| {
            let account = self.runtime.block_on(ask(&node.socket()));
            account.with_context(|| format!("the account of {}", node.name()))
        };
        self.lab.nodes().iter().map(ledger).collect()
    }

    fn at(&self) -> Duration {
        Duration::from_secs(self.begin.elapsed().as_secs())
    }

    fn name_of(&self, number: usize) -> Result<String> {
        Ok(self.lab.nodes().get(number).context("the lab has three nodes")?.name().to_owned())
    }
}

const SECOND: Duration = Duration::from_secs(1);
