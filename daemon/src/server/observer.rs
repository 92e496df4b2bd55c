//! Streams of what is seen, `daemon/api/proto/observer.proto`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use wgtrace_api::v1;
use wgtrace_api::v1::observer_server::Observer as Contract;

use super::caller;
use crate::node::Node;
use crate::watch::{FlowWants, Hooks, PacketWants, Subscription, Watch};

/// What is seen of the node, as the contract has it.
pub(super) struct Observer {
    node: Arc<Mutex<Node>>,
    watch: Arc<Watch>,
}

impl Observer {
    pub(super) fn new(node: Arc<Mutex<Node>>, watch: Arc<Watch>) -> Self {
        Self { node, watch }
    }
}

/// Replies of a subscription, and an error when nothing can be seen any more.
pub(super) struct Replies<T>(Option<Subscription<T>>);

impl<T> Stream for Replies<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(subscription) = &mut self.0 else { return Poll::Ready(None) };
        Pin::new(subscription).poll_next(context).map(|reply| {
            let reply = reply.ok_or_else(|| Status::unavailable("events cannot be read any more"));
            if reply.is_err() {
                self.0 = None;
            }
            Some(reply)
        })
    }
}

type Told<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Contract for Observer {
    type PacketsStream = Replies<v1::PacketsReply>;
    type FlowsStream = Replies<v1::FlowsReply>;
    type DropsStream = Told<v1::DropsReply>;
    type SessionsStream = Told<v1::SessionsReply>;
    type LedgerStream = Told<v1::LedgerReply>;

    async fn packets(
        &self,
        request: Request<v1::PacketsRequest>,
    ) -> Result<Response<Self::PacketsStream>, Status> {
        let is_root = caller::uid(&request) == Some(0);
        let request = request.into_inner();
        let hooks = Hooks::named(&request.hooks).map_err(Status::invalid_argument)?;
        let snaplen = u16::try_from(request.snaplen).unwrap_or(u16::MAX);
        let wants = PacketWants { hooks, snaplen, payload: is_root };
        let subscription = self.watch.packets(wants).await.map_err(Status::unavailable)?;
        Ok(Response::new(Replies(Some(subscription))))
    }

    async fn flows(&self, request: Request<v1::FlowsRequest>) -> Result<Response<Self::FlowsStream>, Status> {
        let request = request.into_inner();
        let wants = FlowWants { interval: interval(request.interval, FlowWants::INTERVAL) };
        let subscription = self.watch.flows(wants).await.map_err(Status::unavailable)?;
        Ok(Response::new(Replies(Some(subscription))))
    }

    async fn drops(&self, _: Request<v1::DropsRequest>) -> Result<Response<Self::DropsStream>, Status> {
        Err(Status::unimplemented("drops are not told yet"))
    }

    async fn sessions(
        &self,
        _: Request<v1::SessionsRequest>,
    ) -> Result<Response<Self::SessionsStream>, Status> {
        Err(Status::unimplemented("sessions are not told yet"))
    }

    async fn ledger(&self, _: Request<v1::LedgerRequest>) -> Result<Response<Self::LedgerStream>, Status> {
        Err(Status::unimplemented("the ledger is not told yet"))
    }
}

/// The time asked for, or `usual`; never so short that nothing else is done.
fn interval(nanoseconds: u64, usual: Duration) -> Duration {
    match nanoseconds {
        0 => usual,
        nanoseconds => Duration::from_nanos(nanoseconds).max(FlowWants::SHORTEST),
    }
}
