//! A daemon's socket with nothing behind it, for what cannot be had of a real one: one that is slow, of another
//! release, refuses, or is killed in the middle.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wgtrace_api::v1::node_server::{Node, NodeServer};
use wgtrace_api::v1::observer_server::{Observer, ObserverServer};
use wgtrace_api::v1::{self, StatusReply};

/// What it says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) status: StatusReply,
    pub(crate) flows: Vec<v1::FlowsReply>,
    pub(crate) packets: Vec<v1::PacketsReply>,
    pub(crate) peers: v1::PeersReply,
    pub(crate) nodes: v1::NodesReply,
    /// Packets without end, numbered by `seen`.
    pub(crate) floods: bool,
    /// Streams end with what they had to say; else they stay open.
    pub(crate) ends: bool,
    /// Streams are refused with this.
    pub(crate) refuses: Option<String>,
    /// It never answers.
    pub(crate) hangs: bool,
}

impl Script {
    /// A node that is well and says nothing.
    pub(crate) fn of(node: &str) -> Self {
        let status = StatusReply {
            version: "0.1.0".into(),
            contract: wgtrace_api::CONTRACT,
            node: node.into(),
            cluster: "cilium-wireguard".into(),
            ..Default::default()
        };
        Self { status, ..Self::default() }
    }
}

/// It answers until it is dropped.
pub(crate) struct Fake {
    path: PathBuf,
    runtime: Option<Runtime>,
    /// Messages of a flood that were taken from it.
    pub(crate) flooded: Arc<AtomicU64>,
}

impl Fake {
    pub(crate) fn start(path: &Path, script: Script) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let flooded = Arc::<AtomicU64>::default();
        let service = Service { script, flooded: Arc::clone(&flooded) };
        let (ready, is_ready) = mpsc::channel();
        let socket = path.to_owned();
        runtime.spawn(async move {
            let _ = std::fs::remove_file(&socket);
            let listener = UnixListener::bind(&socket).unwrap();
            ready.send(()).unwrap();
            let server = Server::builder()
                .add_service(NodeServer::new(service.clone()))
                .add_service(ObserverServer::new(service));
            server.serve_with_incoming(UnixListenerStream::new(listener)).await.unwrap();
        });
        is_ready.recv_timeout(Duration::from_secs(10)).unwrap();
        Self { path: path.to_owned(), runtime: Some(runtime), flooded }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Fake {
    /// As a kill does: connections end without a word.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not where another runtime may be running.
            let ended = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(10)));
            ended.join().unwrap();
        }
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
impl Node for Service {
    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<StatusReply>, Status> {
        if self.script.hangs {
            std::future::pending::<()>().await;
        }
        Ok(Response::new(self.script.status.clone()))
    }

    async fn interfaces(
        &self,
        _: Request<v1::InterfacesRequest>,
    ) -> Result<Response<v1::InterfacesReply>, Status> {
        Ok(Response::new(v1::InterfacesReply::default()))
    }

    async fn peers(&self, _: Request<v1::PeersRequest>) -> Result<Response<v1::PeersReply>, Status> {
        Ok(Response::new(self.script.peers.clone()))
    }

    async fn nodes(&self, _: Request<v1::NodesRequest>) -> Result<Response<v1::NodesReply>, Status> {
        Ok(Response::new(self.script.nodes.clone()))
    }

    async fn endpoint_add(
        &self,
        _: Request<v1::EndpointAddRequest>,
    ) -> Result<Response<v1::EndpointAddReply>, Status> {
        Err(Status::permission_denied("changes are for root"))
    }

    async fn endpoint_delete(
        &self,
        _: Request<v1::EndpointDeleteRequest>,
    ) -> Result<Response<v1::EndpointDeleteReply>, Status> {
        Err(Status::permission_denied("changes are for root"))
    }

    async fn endpoint_check(
        &self,
        _: Request<v1::EndpointCheckRequest>,
    ) -> Result<Response<v1::EndpointCheckReply>, Status> {
        Err(Status::permission_denied("changes are for root"))
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
