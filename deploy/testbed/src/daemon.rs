//! A daemon's socket with nothing behind it but what it is to say, for what cannot be had of a real one.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wgtrace_api::v1::node_server::{Node, NodeServer};
use wgtrace_api::v1::{self, StatusReply};

/// What `wgtrace.v1.Node` answers; it refuses to change anything.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Who it is, and how it is.
    pub status: StatusReply,
    /// Its WireGuard peers.
    pub peers: v1::PeersReply,
    /// The nodes that it knows.
    pub nodes: v1::NodesReply,
    /// It never says who it is.
    pub hangs: bool,
}

impl Answers {
    /// Those of a node that is well and has nothing.
    pub fn of(node: &str) -> Self {
        let status = StatusReply {
            version: env!("CARGO_PKG_VERSION").into(),
            contract: wgtrace_api::CONTRACT,
            node: node.into(),
            cluster: "cilium-wireguard".into(),
            ..Default::default()
        };
        Self { status, ..Self::default() }
    }
}

/// It answers until it is dropped; then connections end without a word, as after a kill.
#[derive(Debug)]
pub struct FakeDaemon {
    path: PathBuf,
    runtime: Option<Runtime>,
}

impl FakeDaemon {
    /// Listens on a socket, one that is left there is replaced. `observer` is `wgtrace.v1.Observer`.
    pub fn start<O>(path: &Path, answers: Answers, observer: O) -> Result<Self>
    where
        O: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
        O: NamedService + Clone + Send + Sync + 'static,
        O::Future: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (ready, is_ready) = mpsc::channel();
        let socket = path.to_owned();
        runtime.spawn(async move {
            let _ = std::fs::remove_file(&socket);
            let listener = UnixListener::bind(&socket)?;
            let _ = ready.send(());
            let server = Server::builder().add_service(NodeServer::new(answers)).add_service(observer);
            anyhow::Ok(server.serve_with_incoming(UnixListenerStream::new(listener)).await?)
        });
        let patience = Duration::from_secs(10);
        is_ready.recv_timeout(patience).with_context(|| format!("cannot listen at {}", path.display()))?;
        Ok(Self { path: path.to_owned(), runtime: Some(runtime) })
    }

    /// Its socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for FakeDaemon {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // not where another runtime may be running
            let _ = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(10))).join();
        }
    }
}

#[tonic::async_trait]
impl Node for Answers {
    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<StatusReply>, Status> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(Response::new(self.status.clone()))
    }

    async fn interfaces(
        &self,
        _: Request<v1::InterfacesRequest>,
    ) -> Result<Response<v1::InterfacesReply>, Status> {
        Ok(Response::new(v1::InterfacesReply::default()))
    }

    async fn peers(&self, _: Request<v1::PeersRequest>) -> Result<Response<v1::PeersReply>, Status> {
        Ok(Response::new(self.peers.clone()))
    }

    async fn nodes(&self, _: Request<v1::NodesRequest>) -> Result<Response<v1::NodesReply>, Status> {
        Ok(Response::new(self.nodes.clone()))
    }

    async fn endpoint_add(
        &self,
        _: Request<v1::EndpointAddRequest>,
    ) -> Result<Response<v1::EndpointAddReply>, Status> {
        Err(refused())
    }

    async fn endpoint_delete(
        &self,
        _: Request<v1::EndpointDeleteRequest>,
    ) -> Result<Response<v1::EndpointDeleteReply>, Status> {
        Err(refused())
    }

    async fn endpoint_check(
        &self,
        _: Request<v1::EndpointCheckRequest>,
    ) -> Result<Response<v1::EndpointCheckReply>, Status> {
        Err(refused())
    }
}

fn refused() -> Status {
    Status::permission_denied("changes are for root")
}
