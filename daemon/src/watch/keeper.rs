//! The task that opens gates for those who listen, and closes them behind the last.

mod want;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use wgtrace_abi::Gate;
use wgtrace_api::v1;

use self::want::Want;
use super::Hooks;
use super::gauge::Gauge;
use super::health::Health;
use super::order::{Order, Subscriber};
use super::surroundings::Surroundings;
use super::tallies::Tallies;
use super::worker::Worker;
use crate::datapath::observed::Link;
use crate::node::Node;
use crate::probe::ring::{RingSettings, Rings};
use crate::wireguard::DeviceName;

/// What is asked of the keeper.
pub(super) enum Request {
    /// Somebody listens.
    Begin {
        id: u64,
        hooks: Hooks,
        snaplen: u16,
        subscriber: Box<Subscriber>,
        tell: oneshot::Sender<Result<(), String>>,
    },
    /// Nobody listens any more under this number.
    End(u64),
    /// The ledger, now.
    Account(oneshot::Sender<Result<v1::LedgerReply, String>>),
    /// What events told of drops.
    Tallies(oneshot::Sender<Tallies>),
    /// No more events at all.
    Close(oneshot::Sender<()>),
}

pub(super) struct Keeper {
    node: Arc<Mutex<Node>>,
    requests: mpsc::UnboundedReceiver<Request>,
    engine: Worker,
    gauge: Arc<Gauge>,
    health: Arc<Health>,
    changed: Arc<Notify>,
    wants: BTreeMap<u64, Want>,
    /// What the gates are open for.
    open: Want,
    /// Of each ring that the programs write to; 0 before there are any.
    pages: u32,
    /// The engine's names are of another moment.
    is_stale: bool,
    around: Arc<Surroundings>,
    /// When gates are closed that nobody wants.
    closing: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(
        node: Arc<Mutex<Node>>,
        requests: mpsc::UnboundedReceiver<Request>,
        gauge: Arc<Gauge>,
        health: Arc<Health>,
    ) -> io::Result<Self> {
        Ok(Self {
            engine: Worker::start(&node, &gauge, &health)?,
            node,
            requests,
            gauge,
            health,
            changed: Arc::new(Notify::new()),
            wants: BTreeMap::new(),
            open: Want::default(),
            pages: 0,
            is_stale: true,
            around: Arc::default(),
            closing: None,
        })
    }

    /// Works until nobody can ask any more.
    pub(super) async fn run(mut self) {
        self.changed = self.node.lock().await.changed();
        let (changed, health) = (Arc::clone(&self.changed), Arc::clone(&self.health));
        let mut ticks = interval(SECOND);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_open = !self.open.hooks.is_empty();
            let is_broken = self.is_broken();
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                () = changed.notified() => {
                    self.is_stale = true;
                    if is_open {
                        warn(self.look_around().await);
                    }
                }
                // what it fails of is said by then
                () = health.failed() => drop(self.recover().await),
                _ = ticks.tick(), if is_open || is_broken => warn(self.look_after().await),
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::Begin { id, hooks, snaplen, subscriber, tell } => {
                let begun = self.begin(id, Want { hooks, snaplen }, *subscriber).await;
                // who asked may have gone, and says so by another request
                let _ = tell.send(begun.map_err(|error| format!("{error:#}")));
            }
            Request::End(id) => {
                self.wants.remove(&id);
                self.order(Order::Remove(id));
                self.closing = Some(Instant::now() + LINGER);
            }
            Request::Account(tell) => match self.node.lock().await.forwarding().instance().counters() {
                Ok(counters) => self.order(Order::Account(counters, tell)),
                Err(error) => drop(tell.send(Err(error.to_string()))),
            },
            Request::Tallies(tell) => self.order(Order::Tallies(tell)),
            Request::Close(tell) => {
                self.wants.clear();
                warn(self.adjust(true).await);
                let _ = tell.send(());
            }
        }
    }

    async fn begin(&mut self, id: u64, want: Want, subscriber: Subscriber) -> Result<()> {
        self.recover().await.context("events cannot be read")?;
        let pages =
            if want.snaplen > Gate::DEFAULT_SNAPLEN { LARGE } else { RingSettings::default().pages_per_cpu };
        // rings cannot be exchanged while programs write to them; what does not fit is in the ledger
        if self.pages == 0 || (self.pages < pages && self.open.hooks.is_empty()) {
            self.connect(pages).await?;
        }
        if self.is_stale || self.open.hooks.is_empty() {
            self.look_around().await?;
        }
        self.wants.insert(id, want);
        self.order(Order::Add(id, subscriber));
        let adjusted = self.adjust(false).await;
        if adjusted.is_err() {
            self.wants.remove(&id);
            self.order(Order::Remove(id));
            self.closing = Some(Instant::now() + LINGER);
        }
        adjusted
    }

    /// If events cannot be read: ends everybody's listening, and gives the engine, or a new one, other rings.
    async fn recover(&mut self) -> Result<()> {
        if !self.is_broken() {
            return Ok(());
        }
        let recovered = self.begin_anew().await;
        match &recovered {
            Ok(()) => self.health.mend(),
            Err(error) => self.health.still_fails(&format!("{error:#}")),
        }
        recovered
    }

    fn is_broken(&self) -> bool {
        self.health.fault().is_some() || self.engine.has_ended()
    }

    async fn begin_anew(&mut self) -> Result<()> {
        for id in std::mem::take(&mut self.wants).into_keys() {
            self.order(Order::Remove(id));
        }
        self.adjust(true).await?;
        if self.engine.has_ended() {
            let engine = Worker::start(&self.node, &self.gauge, &self.health);
            self.engine = engine.context("cannot start the thread that reads events")?;
            self.is_stale = true;
        }
        self.connect(RingSettings::default().pages_per_cpu).await
    }

    /// Gives the programs rings to write to.
    async fn connect(&mut self, pages_per_cpu: u32) -> Result<()> {
        let settings = RingSettings { pages_per_cpu, ..RingSettings::default() };
        let rings = Rings::open(&settings).context("cannot open the rings")?;
        let mut node = self.node.lock().await;
        let netns = node.kernel().netns().inode();
        let instance = node.forwarding().instance();
        instance.connect(&rings).context("cannot connect the rings")?;
        let counters = instance.counters().context("cannot read the counters")?;
        drop(node);
        self.order(Order::Rings { rings, netns, counters });
        self.pages = pages_per_cpu;
        Ok(())
    }

    /// Lets the engine know what things are called now, and has the native device tapped that there is now.
    async fn look_around(&mut self) -> Result<()> {
        let mut node = self.node.lock().await;
        let links = node.kernel().links().await.context("cannot ask for the interfaces")?;
        let settings = node.forwarding().settings().context("cannot read the settings of the programs")?;
        self.around = Arc::new(Surroundings::of(&node, &links, settings, &self.around));
        tap(&mut node, &links, self.open.hooks)?;
        drop(node);
        self.is_stale = false;
        self.order(Order::Around(Arc::clone(&self.around)));
        Ok(())
    }

    /// What is done each second while gates are open, or events cannot be read.
    async fn look_after(&mut self) -> Result<()> {
        if self.recover().await.is_err() {
            // that is said already
            return Ok(());
        }
        self.look_around().await?;
        if self.closing.is_some_and(|closing| Instant::now() >= closing) {
            // until it is done
            self.adjust(true).await?;
            self.closing = None;
        }
        Ok(())
    }

    /// Opens the gates that are wanted, and closes others if that is wanted as well.
    async fn adjust(&mut self, close: bool) -> Result<()> {
        let mut want = self.wants.values().fold(Want::default(), |all, want| all.or(*want));
        if !close {
            want = want.or(self.open);
        }
        let want = want.within_bounds();
        if want == self.open || (want.hooks.is_empty() && self.open.hooks.is_empty()) {
            return Ok(());
        }
        let mut node = self.node.lock().await;
        let links = node.kernel().links().await.context("cannot ask for the interfaces")?;
        tap(&mut node, &links, want.hooks.or(self.open.hooks))?;
        if self.open.hooks.is_empty() {
            self.order(Order::Wake);
        }
        let instance = node.forwarding().instance();
        let turned = instance.turn_gates(|hook| want.at(hook));
        // whatever became of it
        self.open = Want::asked(instance);
        let tapped = tap(&mut node, &links, self.open.hooks);
        if self.open.hooks.is_empty() {
            let counters = node.forwarding().instance().counters().context("cannot read the counters")?;
            drop(node);
            self.order(Order::Rest(counters));
        } else if self.wants.is_empty() {
            // what is open for nobody is closed later
            self.closing.get_or_insert_with(|| Instant::now() + LINGER);
        }
        turned.context("cannot turn the gates").and(tapped)
    }

    fn order(&self, order: Order) {
        self.engine.order(order);
    }
}

/// Taps the native device for those who listen at these hooks; of a node that encrypts, it is always tapped.
fn tap(node: &mut Node, links: &BTreeMap<DeviceName, Link>, hooks: Hooks) -> Result<()> {
    let is_wanted = hooks.is_tapped() || node.config().encryption.is_some();
    let native = node.native(links).filter(|_| is_wanted);
    node.forwarding().instance().tap_only(native.as_ref()).context("cannot tap the native device")
}

fn warn(done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!("{error:#}");
    }
}

/// Pages of a ring that whole packets go through.
const LARGE: u32 = 1024;
const SECOND: Duration = Duration::from_secs(1);
/// How long gates stay open behind the last: whoever comes back at once finds them so.
const LINGER: Duration = Duration::from_secs(2);
