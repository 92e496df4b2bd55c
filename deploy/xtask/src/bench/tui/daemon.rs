//! A daemon that is made up: it knows many flows, and offers as many events as it is told to.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use futures_util::stream::{BoxStream, StreamExt as _, iter, pending, unfold};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::codegen::Bytes;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wgtrace_api::v1::node_server::{Node, NodeServer};
use wgtrace_api::v1::{self, StatusReply};

use super::load::{self, BATCH, NODE};
use super::socket::{Observer, Says};

/// It answers until it is dropped.
pub(super) struct Daemon {
    path: PathBuf,
    state: State,
    marked: AtomicU64,
    _runtime: Runtime,
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

    pub(super) fn offered_per(self, seconds: f64) -> f64 {
        per(self.offered, seconds)
    }

    pub(super) fn taken_per(self, seconds: f64) -> f64 {
        per(self.taken, seconds)
    }
}

fn per(count: u64, seconds: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds
}

impl Daemon {
    pub(super) fn start(path: &Path, flows: u64) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (markers, _) = broadcast::channel(64);
        let state =
            State { flows, rate: Arc::default(), offered: Arc::default(), taken: Arc::default(), markers };
        let (ready, is_ready) = mpsc::channel();
        let (socket, served) = (path.to_owned(), state.clone());
        runtime.spawn(async move {
            let listener = UnixListener::bind(&socket)?;
            let _ = ready.send(());
            let server = Server::builder().add_service(NodeServer::new(Quiet)).add_service(Observer(served));
            anyhow::Ok(server.serve_with_incoming(UnixListenerStream::new(listener)).await?)
        });
        is_ready
            .recv_timeout(Duration::from_secs(10))
            .context("the daemon that is made up does not listen")?;
        Ok(Self { path: path.to_owned(), state, marked: AtomicU64::new(0), _runtime: runtime })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
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

/// What is asked again and again, and does not change.
struct Quiet;

#[tonic::async_trait]
impl Node for Quiet {
    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<StatusReply>, Status> {
        let (version, node) = (env!("CARGO_PKG_VERSION").into(), NODE.into());
        Ok(Response::new(StatusReply {
            version,
            contract: wgtrace_api::CONTRACT,
            node,
            ..Default::default()
        }))
    }

    async fn interfaces(
        &self,
        _: Request<v1::InterfacesRequest>,
    ) -> Result<Response<v1::InterfacesReply>, Status> {
        Ok(Response::new(v1::InterfacesReply::default()))
    }

    async fn peers(&self, _: Request<v1::PeersRequest>) -> Result<Response<v1::PeersReply>, Status> {
        Ok(Response::new(v1::PeersReply::default()))
    }

    async fn nodes(&self, _: Request<v1::NodesRequest>) -> Result<Response<v1::NodesReply>, Status> {
        Ok(Response::new(v1::NodesReply::default()))
    }

    async fn endpoint_add(
        &self,
        _: Request<v1::EndpointAddRequest>,
    ) -> Result<Response<v1::EndpointAddReply>, Status> {
        Err(Status::unimplemented("nothing is changed here"))
    }

    async fn endpoint_delete(
        &self,
        _: Request<v1::EndpointDeleteRequest>,
    ) -> Result<Response<v1::EndpointDeleteReply>, Status> {
        Err(Status::unimplemented("nothing is changed here"))
    }

    async fn endpoint_check(
        &self,
        _: Request<v1::EndpointCheckRequest>,
    ) -> Result<Response<v1::EndpointCheckReply>, Status> {
        Err(Status::unimplemented("nothing is changed here"))
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
