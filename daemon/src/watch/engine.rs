//! The thread that reads events, keeps flows and the ledger, and tells subscribers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result};
use tokio::sync::Mutex;
use wgtrace_api::show;

use super::clock;
use super::gauge::Gauge;
use super::health::Health;
use super::order::{Order, Subscriber};
use super::show as own;
use super::view::View;
use crate::node::Node;
use crate::probe::ring::Rings;

/// Everything the thread works with.
pub(super) struct Engine {
    orders: Receiver<Order>,
    /// For CPUs that come, and only when nobody else has it.
    node: Arc<Mutex<Node>>,
    rings: Option<Rings>,
    is_awake: bool,
    view: View,
    subscribers: BTreeMap<u64, Subscriber>,
    next_look: Instant,
    gauge: Arc<Gauge>,
    health: Arc<Health>,
    /// Rings have changed, and the programs do not know yet.
    is_disconnected: bool,
}

impl Engine {
    pub(super) fn new(
        orders: Receiver<Order>,
        node: Arc<Mutex<Node>>,
        gauge: Arc<Gauge>,
        health: Arc<Health>,
    ) -> Self {
        Self {
            orders,
            node,
            rings: None,
            is_awake: false,
            view: View::new(),
            subscribers: BTreeMap::new(),
            next_look: Instant::now(),
            gauge,
            health,
            is_disconnected: false,
        }
    }

    /// Works until nobody gives orders any more.
    pub(super) fn run(mut self) {
        while let Some(()) = self.obey() {
            match self.watch() {
                Ok(Some(())) => {}
                Ok(None) => return,
                Err(error) => self.give_up(&error),
            }
        }
    }

    /// Lets go of the rings and of everybody who listens, and waits for other rings. What was seen stays known.
    fn give_up(&mut self, error: &Error) {
        // before subscribers see their streams end, and ask why
        self.health.fail(format!("{error:#}"));
        self.subscribers.clear();
        self.rings = None;
        self.is_awake = false;
        self.is_disconnected = false;
    }

    /// Does what was ordered, and while no event can come, waits for it; `None` when there will be no more orders.
    fn obey(&mut self) -> Option<()> {
        loop {
            let order = if self.is_awake {
                match self.orders.try_recv() {
                    Ok(order) => order,
                    Err(TryRecvError::Empty) => return Some(()),
                    Err(TryRecvError::Disconnected) => return None,
                }
            } else {
                self.orders.recv().ok()?
            };
            self.follow(order);
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Rings { rings, netns, counters } => {
                self.rings = Some(rings);
                self.view.netns = netns;
                self.view.ledger.begin(netns, &counters);
            }
            Order::Add(id, subscriber) => drop(self.subscribers.insert(id, subscriber)),
            Order::Remove(id) => drop(self.subscribers.remove(&id)),
            Order::Around(around) => self.view.look_around(around),
            Order::Wake => {
                self.is_awake = true;
                self.view.clocks.adjust();
                self.view.flows.expire(clock::boot());
            }
            Order::Tallies(tell) => {
                // who asked may have gone
                let _ = tell.send(self.view.tallies.clone());
            }
            Order::Rest(counters) => {
                self.drain(true);
                self.view.ledger.read(self.view.netns, &counters);
                self.is_awake = false;
            }
            Order::Account(counters, tell) => {
                self.drain(false);
                let view = &mut self.view;
                view.ledger.read(view.netns, &counters);
                let reply = own::ledger(&view.ledger, view.netns, &view.around.node, view.clocks.wall());
                // who asked may have gone
                let _ = tell.send(Ok(reply));
            }
        }
    }

    /// Waits a little for events, and tells subscribers of them; `None` when there will be no more orders.
    fn watch(&mut self) -> Result<Option<()>> {
        let Some(rings) = &mut self.rings else {
            self.is_awake = false;
            return Ok(Some(()));
        };
        let now = Instant::now();
        let due = self.subscribers.values().filter_map(|subscriber| match subscriber {
            Subscriber::Flows(queue) => Some(queue.due()),
            Subscriber::Packets(_) => None,
        });
        let patience = due.min().map_or(TICK, |due| due.saturating_duration_since(now).clamp(LEAST, TICK));
        let has_some = rings.wait(patience).context("cannot wait for events")?;
        // who came before an event is told of it
        if self.obey().is_none() {
            return Ok(None);
        }
        if has_some {
            self.drain(false);
        }
        self.tell();
        let now = Instant::now();
        if now >= self.next_look {
            self.next_look = now + SECOND;
            self.view.clocks.adjust();
            self.view.flows.expire(clock::boot());
            self.follow_cpus()?;
        }
        Ok(Some(()))
    }

    fn drain(&mut self, is_last: bool) {
        let Self { rings: Some(rings), view, subscribers, .. } = self else { return };
        let mut sink = |cpu, record: &[u8]| view.take(cpu, record, subscribers);
        let drained = if is_last { rings.flush(&mut sink) } else { rings.drain(&mut sink) };
        if drained.lost != 0 {
            for (cpu, counters) in rings.counters() {
                tracing::debug!(cpu, lost = counters.lost, "LOST records so far");
            }
        }
    }

    fn tell(&mut self) {
        let Self { view, subscribers, gauge, .. } = self;
        let now = Instant::now();
        let View { flows, clocks, around, .. } = view;
        gauge.set(flows);
        let (offset, time) = (clocks.offset(), clocks.wall());
        // the keeper hears of those who are gone by itself
        subscribers.retain(|_, subscriber| match subscriber {
            Subscriber::Packets(queue) => queue.flush(),
            Subscriber::Flows(queue) => {
                queue.tell(now, flows, time, |flow| show::flow(flow, &**around, offset))
            }
        });
    }

    /// Gives CPUs that came a ring; their programs are deaf until the node can be asked.
    fn follow_cpus(&mut self) -> Result<()> {
        let Some(rings) = &mut self.rings else { return Ok(()) };
        let changed = rings.refresh().context("cannot follow CPUs that come and go")?;
        if !changed.added.is_empty() {
            tracing::info!(cpus = ?changed.added, "CPUs came");
            self.is_disconnected = true;
        }
        if self.is_disconnected
            && let Ok(mut node) = self.node.try_lock()
        {
            let instance = node.forwarding().instance();
            instance.connect(rings).context("cannot connect the rings of new CPUs")?;
            self.is_disconnected = false;
        }
        Ok(())
    }
}

/// Longest sleep while gates are open: orders are looked for this often.
const TICK: Duration = Duration::from_millis(20);
const LEAST: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
