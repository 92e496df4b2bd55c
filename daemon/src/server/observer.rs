//! Streams of what is seen, `daemon/api/proto/observer.proto`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream;
use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use wgtrace_api::filter::{Filter, FilterError};
use wgtrace_api::v1;
use wgtrace_api::v1::observer_server::Observer as Contract;

use super::seats::{Room, Seat, Seated};
use super::{caller, sessions, show};
use crate::datapath::bpf::Metrics;
use crate::node::Node;
use crate::watch::{FlowWants, Hooks, PacketWants, Subscription, Watch};

/// What is seen of the node, as the contract has it.
pub(super) struct Observer {
    node: Arc<Mutex<Node>>,
    watch: Arc<Watch>,
    metrics: Arc<Metrics>,
    room: Room,
}

impl Observer {
    pub(super) fn new(node: Arc<Mutex<Node>>, watch: Arc<Watch>, metrics: Arc<Metrics>, room: Room) -> Self {
        Self { node, watch, metrics, room }
    }

    /// A seat for who asks.
    fn seat<T>(&self, request: &Request<T>) -> Result<Seat, Status> {
        self.room.streams.take(caller::is_root(request))
    }
}

/// Replies of a subscription, and an error when nothing can be seen any more.
pub(super) struct Replies<T>(Option<Subscription<T>>);

impl<T> Stream for Replies<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(subscription) = &mut self.0 else { return Poll::Ready(None) };
        let reply = ready!(Pin::new(&mut *subscription).poll_next(context));
        let reply = reply.ok_or_else(|| Status::unavailable(subscription.end()));
        if reply.is_err() {
            self.0 = None;
        }
        Poll::Ready(Some(reply))
    }
}

type Told<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Contract for Observer {
    type PacketsStream = Seated<Replies<v1::PacketsReply>>;
    type FlowsStream = Seated<Replies<v1::FlowsReply>>;
    type DropsStream = Seated<Told<v1::DropsReply>>;
    type SessionsStream = Seated<Told<v1::SessionsReply>>;
    type LedgerStream = Seated<Told<v1::LedgerReply>>;

    async fn packets(
        &self,
        request: Request<v1::PacketsRequest>,
    ) -> Result<Response<Self::PacketsStream>, Status> {
        let seat = self.seat(&request)?;
        let who = self.node.lock().await.config().payload;
        let may = caller::payload(&request, who);
        let request = request.into_inner();
        let filter = filter(&request.filter)?;
        let hooks = Hooks::named(&request.hooks).map_err(Status::invalid_argument)?;
        let snaplen = u16::try_from(request.snaplen).unwrap_or(u16::MAX);
        let decrypted = request.decrypted;
        if decrypted || snaplen > PacketWants::HEADERS {
            may.clone()?;
        }
        let wants = PacketWants { filter, hooks, snaplen, payload: may.is_ok(), decrypted };
        let subscription = self.watch.packets(wants).await.map_err(Status::unavailable)?;
        Ok(Response::new(Seated::new(Replies(Some(subscription)), seat)))
    }

    async fn flows(&self, request: Request<v1::FlowsRequest>) -> Result<Response<Self::FlowsStream>, Status> {
        let seat = self.seat(&request)?;
        let request = request.into_inner();
        let filter = filter(&request.filter)?;
        let interval = interval(request.interval, FlowWants::INTERVAL, FlowWants::SHORTEST);
        let wants = FlowWants { filter, interval };
        let subscription = self.watch.flows(wants).await.map_err(Status::unavailable)?;
        Ok(Response::new(Seated::new(Replies(Some(subscription)), seat)))
    }

    async fn drops(&self, request: Request<v1::DropsRequest>) -> Result<Response<Self::DropsStream>, Status> {
        let seat = self.seat(&request)?;
        let (node, watch) = (Arc::clone(&self.node), Arc::clone(&self.watch));
        let metrics = Arc::clone(&self.metrics);
        let replies = every(pace(request.into_inner().interval), move || {
            let (node, watch, metrics) = (Arc::clone(&node), Arc::clone(&watch), Arc::clone(&metrics));
            async move {
                let tallies = watch.tallies().await.map_err(Status::unavailable)?;
                // before the node is anybody's
                let counts = metrics.read().map_err(|error| Status::internal(error.to_string()))?;
                Ok(show::drops(&mut *node.lock().await, &counts, &tallies).await)
            }
        });
        Ok(Response::new(Seated::new(replies, seat)))
    }

    async fn sessions(
        &self,
        request: Request<v1::SessionsRequest>,
    ) -> Result<Response<Self::SessionsStream>, Status> {
        let seat = self.seat(&request)?;
        let replies: Told<_> = Box::pin(sessions::watch(Arc::clone(&self.node)).await);
        Ok(Response::new(Seated::new(replies, seat)))
    }

    async fn ledger(
        &self,
        request: Request<v1::LedgerRequest>,
    ) -> Result<Response<Self::LedgerStream>, Status> {
        let seat = self.seat(&request)?;
        let watch = Arc::clone(&self.watch);
        let replies = every(pace(request.into_inner().interval), move || {
            let watch = Arc::clone(&watch);
            async move { watch.account().await.map_err(Status::unavailable) }
        });
        Ok(Response::new(Seated::new(replies, seat)))
    }
}

/// Asks again and again, until the first failure.
fn every<T: 'static, F>(time: Duration, ask: impl FnMut() -> F + Send + 'static) -> Told<T>
where
    F: Future<Output = Result<T, Status>> + Send + 'static,
{
    let mut ticks = tokio::time::interval(time);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Box::pin(stream::unfold(Some((ticks, ask)), |asking| async {
        let (mut ticks, mut ask) = asking?;
        ticks.tick().await;
        let reply = ask().await;
        let next = reply.is_ok().then_some((ticks, ask));
        Some((reply, next))
    }))
}

fn filter(text: &str) -> Result<Filter, Status> {
    text.parse().map_err(|error: FilterError| Status::invalid_argument(error.to_string()))
}

/// The time asked for between two replies of totals.
fn pace(nanoseconds: u64) -> Duration {
    interval(nanoseconds, TOTALS, SHORTEST)
}

/// The time asked for, or `usual`; never so short that nothing else is done.
fn interval(nanoseconds: u64, usual: Duration, shortest: Duration) -> Duration {
    match nanoseconds {
        0 => usual,
        nanoseconds => Duration::from_nanos(nanoseconds).max(shortest),
    }
}

/// Unless told.
const TOTALS: Duration = Duration::from_secs(1);
/// Every counter of every CPU is read for one reply.
const SHORTEST: Duration = Duration::from_millis(200);
