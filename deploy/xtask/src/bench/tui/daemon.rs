//! A daemon that is made up: it knows many flows, and offers as many events as it is told to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use futures_util::stream::{BoxStream, StreamExt as _, iter, pending, unfold};
use tokio::sync::broadcast;
use tonic::codegen::Bytes;
use wgtrace_testbed::{Answers, FakeDaemon};

use super::load::{self, BATCH, NODE};
use super::socket::{Observer, Says};

/// It answers until it is dropped.
pub(super) struct Daemon {
    fake: FakeDaemon,
    state: State,
    marked: AtomicU64,
}

#[derive(Debug, Clone)]
struct State {
    flows: u64,
    rate: Arc<AtomicU64>,
    offered: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
    markers: broadcast::Sender<Bytes>,
}

/// Events so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    offered: u64,
    taken: u64,
}

impl Counts {
    pub(super) fn since(self, before: &Self) -> Self {
        Self { offered: self.offered - before.offered, taken: self.taken - before.taken }
    }

    /// Offered and taken in a second.
    pub(super) fn a_second(self, time: Duration) -> String {
        let rate = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64();
        format!("{:.0}, {:.0} /s", rate(self.offered), rate(self.taken))
    }
}

impl Daemon {
    pub(super) fn start(path: &Path, flows: u64) -> Result<Self> {
        let (markers, _) = broadcast::channel(64);
        let state =
            State { flows, rate: Arc::default(), offered: Arc::default(), taken: Arc::default(), markers };
        let fake = FakeDaemon::start(path, Answers::of(NODE), Observer(state.clone()))?;
        Ok(Self { fake, state, marked: AtomicU64::new(0) })
    }

    pub(super) fn path(&self) -> &Path {
        self.fake.path()
    }

    /// From now on so many events a second.
    pub(super) fn offer(&self, events: u64) {
        self.state.rate.store(events, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Counts { offered: count(&self.state.offered), taken: count(&self.state.taken) }
    }

    /// Sends a flow that was not there before; the name of its pod.
    pub(super) fn mark(&self) -> Result<String> {
        let number = self.marked.fetch_add(1, Ordering::Relaxed);
        let name = format!("mark{number:05}");
        self.state.markers.send(load::marker(&name, number, now())).context("nobody hears flows")?;
        Ok(name)
    }
}

impl Says for State {
    fn say(&self, method: &str) -> Option<BoxStream<'static, Bytes>> {
        match method {
            "Packets" => Some(self.packets()),
            "Flows" => Some(self.flows()),
            "Ledger" => Some(self.ledger()),
            "Drops" | "Sessions" => Some(pending().boxed()),
            _ => None,
        }
    }
}

impl State {
    /// Every millisecond what is due by then; what the reader is too slow for is missed, as with the real one.
    fn packets(&self) -> BoxStream<'static, Bytes> {
        let (sender, receiver) = tokio::sync::mpsc::channel(QUEUE);
        let state = self.clone();
        tokio::spawn(async move {
            let packets = load::packets();
            let (mut missed, mut seen, mut due) = (0, 0, 0);
            let mut beat = tokio::time::interval(Duration::from_millis(1));
            while !sender.is_closed() {
                beat.tick().await;
                due += state.rate.load(Ordering::Relaxed) / 1000;
                while due >= BATCH {
                    due -= BATCH;
                    seen += BATCH;
                    state.offered.fetch_add(BATCH, Ordering::Relaxed);
                    match sender.try_reserve() {
                        Ok(room) => room.send(load::counted(&packets, missed, seen)),
                        Err(_) => missed += BATCH,
                    }
                }
            }
        });
        let taken = Arc::clone(&self.taken);
        let stream = unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let count = move |message: &Bytes| {
            let _ = message;
            taken.fetch_add(BATCH, Ordering::Relaxed);
        };
        stream.inspect(count).boxed()
    }

    /// All of them, then four times a second some that went on, and markers as they come.
    fn flows(&self) -> BoxStream<'static, Bytes> {
        let markers =
            unfold(self.markers.subscribe(), async |mut markers| Some((markers.recv().await.ok()?, markers)));
        let state = self.clone();
        let deltas = unfold((state, 0u64), async |(state, round)| {
            loop {
                tokio::time::sleep(Duration::from_millis(250)).await;
                if state.rate.load(Ordering::Relaxed) > 0 {
                    let delta = load::delta(round, state.flows, CHANGED, now());
                    return Some((delta, (state, round + 1)));
                }
            }
        });
        let changes = futures_util::stream::select(markers.boxed(), deltas.boxed());
        iter(load::snapshot(self.flows, now())).chain(changes).boxed()
    }

    fn ledger(&self) -> BoxStream<'static, Bytes> {
        let state = self.clone();
        let stream = unfold(state, async |state| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((load::ledger(state.offered.load(Ordering::Relaxed), now()), state))
        });
        stream.boxed()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Messages that wait for the reader.
const QUEUE: usize = 16;
/// Flows that change in a quarter of a second.
const CHANGED: u64 = 5000;
