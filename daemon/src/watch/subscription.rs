use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio_stream::Stream;

use super::health::Health;
use super::keeper::Request;

/// Replies to one subscriber, who is forgotten when this is dropped; they end when nothing can be seen any more.
#[derive(Debug)]
pub struct Subscription<T> {
    replies: mpsc::Receiver<T>,
    health: Arc<Health>,
    _ticket: Ticket,
}

#[derive(Debug)]
struct Ticket {
    id: u64,
    requests: mpsc::UnboundedSender<Request>,
}

impl<T> Subscription<T> {
    pub(super) fn new(
        replies: mpsc::Receiver<T>,
        id: u64,
        requests: mpsc::UnboundedSender<Request>,
        health: Arc<Health>,
    ) -> Self {
        Self { replies, health, _ticket: Ticket { id, requests } }
    }

    /// Why replies have ended, when they have.
    pub fn end(&self) -> String {
        let fault = self.health.fault();
        fault.map_or_else(|| ENDED.to_owned(), |reason| format!("{ENDED}: {reason}"))
    }
}

impl<T> Stream for Subscription<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.replies.poll_recv(context)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // a keeper that has ended has forgotten everybody
        let _ = self.requests.send(Request::End(self.id));
    }
}

const ENDED: &str = "events cannot be read any more";
