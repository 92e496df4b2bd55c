//! The engine's thread.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;

use tokio::sync::Mutex;

use super::engine::Engine;
use super::gauge::Gauge;
use super::health::Health;
use super::order::Order;
use crate::node::Node;

/// An engine at work.
pub(super) struct Worker {
    orders: Sender<Order>,
    /// Gone with the thread.
    life: Weak<()>,
}

impl Worker {
    /// Starts one that knows nothing yet.
    pub(super) fn start(
        node: &Arc<Mutex<Node>>,
        gauge: &Arc<Gauge>,
        health: &Arc<Health>,
    ) -> io::Result<Self> {
        let (orders, received) = channel();
        let engine = Engine::new(received, Arc::clone(node), Arc::clone(gauge), Arc::clone(health));
        let (alive, health) = (Arc::new(()), Arc::clone(health));
        let life = Arc::downgrade(&alive);
        let work = move || {
            engine.run();
            drop(alive);
        };
        thread::Builder::new().name("watch".to_owned()).spawn(move || health.watch_over(work))?;
        Ok(Self { orders, life })
    }

    /// Has the engine do something. One that has ended has said why.
    pub(super) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// Whether it works no more.
    pub(super) fn has_ended(&self) -> bool {
        self.life.strong_count() == 0
    }
}
