//! What the daemon sees, for whoever asks: `daemon/api/proto/observer.proto`.
//!
//! ```text
//! server -- who listens --> Keeper (a task) -- gates, tap --> the forwarding programs
//!                              | subscribers, names, counters      |
//!                              v                                   v
//!                           Engine (a thread) <------------- per-CPU rings
//!                              | decode, Ledger, FlowTable
//!                              v
//!                           queues, one a subscriber, which drop and count what does not fit
//! ```
//!
//! Nothing is emitted while nobody listens: the first subscriber opens the gates of the hooks that it wants, and a
//! little after the last has gone they are closed, and the thread sleeps. The engine waits for nobody: neither for a
//! subscriber nor for the node's lock, which the keeper takes. When events cannot be read, everybody's streams end, status says
//! why, and the keeper gives the engine other rings, each second until that works.

mod clock;
mod engine;
mod flows;
mod gauge;
mod guard;
mod health;
mod hooks;
mod keeper;
mod order;
mod packets;
mod sessions;
mod show;
mod sight;
mod subscription;
mod surroundings;
mod tallies;
mod view;
mod worker;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Mutex, mpsc, oneshot};
use wgtrace_api::v1;

use self::flows::FlowQueue;
use self::gauge::Gauge;
use self::health::Health;
use self::keeper::{Keeper, Request};
use self::order::Subscriber;
use self::packets::PacketQueue;
use crate::node::Node;

pub use self::flows::FlowWants;
pub use self::hooks::Hooks;
pub use self::packets::PacketWants;
pub use self::subscription::Subscription;
pub use self::tallies::Tallies;

/// Everybody who listens to this node, and what they listen to.
#[derive(Debug)]
pub struct Watch {
    requests: mpsc::UnboundedSender<Request>,
    next: AtomicU64,
    gauge: Arc<Gauge>,
    health: Arc<Health>,
}

impl Watch {
    /// Begins to watch `node`: nobody listens yet.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(node: Arc<Mutex<Node>>) -> io::Result<Self> {
        let (gauge, health) = (Arc::<Gauge>::default(), Arc::<Health>::default());
        let (requests, asked) = mpsc::unbounded_channel();
        let keeper = Keeper::new(node, asked, Arc::clone(&gauge), Arc::clone(&health))?;
        tokio::spawn(keeper.run());
        Ok(Self { requests, next: AtomicU64::new(0), gauge, health })
    }

    /// Packets from now on: when this returns, the next one at these hooks is told of.
    ///
    /// # Errors
    /// Why nothing can be seen.
    pub async fn packets(&self, wants: PacketWants) -> Result<Subscription<v1::PacketsReply>, String> {
        let (hooks, snaplen) = (wants.hooks, wants.snaplen);
        let (queue, replies) = PacketQueue::new(wants);
        self.begin(hooks, snaplen, Subscriber::Packets(queue), replies).await
    }

    /// Flows, with what is known of them already.
    ///
    /// # Errors
    /// Why nothing can be seen.
    pub async fn flows(&self, wants: FlowWants) -> Result<Subscription<v1::FlowsReply>, String> {
        let (queue, replies) = FlowQueue::new(wants, Instant::now());
        self.begin(Hooks::ALL, 0, Subscriber::Flows(queue), replies).await
    }

    /// How many flows are known, of how many that may be.
    pub fn flow_table(&self) -> v1::FlowTable {
        self.gauge.read()
    }

    /// Why events cannot be read, if they cannot; it is tried again each second.
    pub fn fault(&self) -> Option<String> {
        self.health.fault().map(|reason| format!("events cannot be read: {reason}"))
    }

    /// The account of events as it stands.
    ///
    /// # Errors
    /// When the counters cannot be read.
    pub async fn account(&self) -> Result<v1::LedgerReply, String> {
        let (tell, told) = oneshot::channel();
        self.ask(Request::Account(tell))?;
        told.await.map_err(|_| self.end_of_all())?
    }

    /// What events told of drops, while somebody listened.
    ///
    /// # Errors
    /// When events cannot be read any more.
    pub async fn tallies(&self) -> Result<Tallies, String> {
        let (tell, told) = oneshot::channel();
        self.ask(Request::Tallies(tell))?;
        told.await.map_err(|_| self.end_of_all())
    }

    /// Closes every gate, whoever listens: the daemon ends.
    pub async fn end(&self) {
        let (tell, told) = oneshot::channel();
        // one that has ended already has nothing to close
        if self.ask(Request::Close(tell)).is_ok() {
            let _ = told.await;
        }
    }

    async fn begin<T>(
        &self,
        hooks: Hooks,
        snaplen: u16,
        subscriber: Subscriber,
        replies: mpsc::Receiver<T>,
    ) -> Result<Subscription<T>, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        // before it begins: who gives up waiting is forgotten too
        let subscription = Subscription::new(replies, id, self.requests.clone(), Arc::clone(&self.health));
        let (tell, told) = oneshot::channel();
        self.ask(Request::Begin { id, hooks, snaplen, subscriber: Box::new(subscriber), tell })?;
        told.await.map_err(|_| self.end_of_all())??;
        Ok(subscription)
    }

    fn ask(&self, request: Request) -> Result<(), String> {
        self.requests.send(request).map_err(|_| self.end_of_all())
    }

    /// Why there is no answer.
    fn end_of_all(&self) -> String {
        self.fault().unwrap_or_else(|| "the daemon is ending".to_owned())
    }
}
