//! A daemon that says what a test wants: slow, of another release, refusing, or killed in the middle.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status};
use wgtrace_api::v1;
use wgtrace_api::v1::observer_server::{Observer, ObserverServer};
use wgtrace_testbed::{Answers, FakeDaemon};

/// What it says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) answers: Answers,
    pub(crate) flows: Vec<v1::FlowsReply>,
    pub(crate) packets: Vec<v1::PacketsReply>,
    /// Packets without end, numbered by `seen`.
    pub(crate) floods: bool,
    /// Streams end with what they had to say; else they stay open.
    pub(crate) ends: bool,
    /// Streams are refused with this.
    pub(crate) refuses: Option<String>,
}

impl Script {
    /// A node that is well and says nothing.
    pub(crate) fn of(node: &str) -> Self {
        Self { answers: Answers::of(node), ..Self::default() }
    }
}

/// It answers until it is dropped.
pub(crate) struct Fake {
    daemon: FakeDaemon,
    /// Messages of a flood that were taken from it.
    pub(crate) flooded: Arc<AtomicU64>,
}

impl Fake {
    pub(crate) fn start(path: &Path, script: Script) -> Self {
        let flooded = Arc::<AtomicU64>::default();
        let answers = script.answers.clone();
        let service = Service { script, flooded: Arc::clone(&flooded) };
        Self { daemon: FakeDaemon::start(path, answers, ObserverServer::new(service)).unwrap(), flooded }
    }

    pub(crate) fn path(&self) -> &Path {
        self.daemon.path()
    }
}

#[derive(Debug, Clone)]
struct Service {
    script: Script,
    flooded: Arc<AtomicU64>,
}

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Service {
    fn stream<T: Send + 'static>(&self, replies: Vec<T>) -> Result<Response<Replies<T>>, Status> {
        if let Some(reason) = &self.script.refuses {
            return Err(Status::permission_denied(reason));
        }
        let replies = stream::iter(replies.into_iter().map(Ok));
        Ok(Response::new(if self.script.ends {
            Box::pin(replies)
        } else {
            Box::pin(replies.chain(stream::pending()))
        }))
    }

    fn packets(&self) -> Replies<v1::PacketsReply> {
        let flooded = Arc::clone(&self.flooded);
        Box::pin(stream::repeat(()).map(move |()| {
            let seen = flooded.fetch_add(1, Ordering::Relaxed) + 1;
            let packet = v1::Packet { summary: "x".repeat(1000), ..Default::default() };
            Ok(v1::PacketsReply { packets: vec![packet; 100], seen, missed: 0 })
        }))
    }
}

#[tonic::async_trait]
impl Observer for Service {
    type PacketsStream = Replies<v1::PacketsReply>;
    type FlowsStream = Replies<v1::FlowsReply>;
    type DropsStream = Replies<v1::DropsReply>;
    type SessionsStream = Replies<v1::SessionsReply>;
    type LedgerStream = Replies<v1::LedgerReply>;

    async fn packets(&self, _: Request<v1::PacketsRequest>) -> Result<Response<Self::PacketsStream>, Status> {
        if self.script.floods {
            return Ok(Response::new(self.packets()));
        }
        self.stream(self.script.packets.clone())
    }

    async fn flows(&self, _: Request<v1::FlowsRequest>) -> Result<Response<Self::FlowsStream>, Status> {
        self.stream(self.script.flows.clone())
    }

    async fn drops(&self, _: Request<v1::DropsRequest>) -> Result<Response<Self::DropsStream>, Status> {
        self.stream(Vec::new())
    }

    async fn sessions(
        &self,
        _: Request<v1::SessionsRequest>,
    ) -> Result<Response<Self::SessionsStream>, Status> {
        self.stream(Vec::new())
    }

    async fn ledger(&self, _: Request<v1::LedgerRequest>) -> Result<Response<Self::LedgerStream>, Status> {
        self.stream(Vec::new())
    }
}
