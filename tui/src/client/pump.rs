//! What one connection carries.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use wgtrace_api::recording::LONGEST;
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{
    InterfacesRequest, NodesRequest, PacketsRequest, PeersRequest, Refused, SessionsRequest, StatusRequest,
};

use super::connect::reason;
use super::conversation::{Teller, Unheard};
use super::message::Message;
use super::watch::Wants;

/// Why a connection is over.
pub(super) enum End {
    /// The daemon is not there any more.
    Lost(String),
    /// The reader is not.
    Unheard,
}

impl From<Unheard> for End {
    fn from(_: Unheard) -> Self {
        Self::Unheard
    }
}

/// Asks for all that is wanted; what is refused is said, and the rest goes on.
pub(super) async fn pump<M: Message>(channel: Channel, wants: &Wants, teller: &Teller<M>) -> End {
    let observer = || ObserverClient::new(channel.clone()).max_decoding_message_size(LONGEST);
    // Nothing may be wanted, and everything refused: the connection is watched by asking.
    let mut pumps: FuturesUnordered<BoxFuture<'_, Result<(), End>>> = FuturesUnordered::new();
    pumps.push(Box::pin(tables(channel.clone(), wants.tables, teller)));
    if let Some(request) = wants.packets.clone() {
        let asked = packets::<M>(channel.clone(), request);
        pumps.push(Box::pin(stream("packets", asked, |reply| teller.packets(reply), teller)));
    }
    if let Some(request) = wants.flows.clone() {
        let mut observer = observer();
        let asked = async move { observer.flows(request).await };
        pumps.push(Box::pin(stream("flows", asked, |reply| teller.message(What::Flows(reply)), teller)));
    }
    if let Some(request) = wants.drops {
        let mut observer = observer();
        let asked = async move { observer.drops(request).await };
        pumps.push(Box::pin(stream("drops", asked, |reply| teller.message(What::Drops(reply)), teller)));
    }
    if wants.sessions {
        let mut observer = observer();
        let asked = async move { observer.sessions(SessionsRequest {}).await };
        pumps.push(Box::pin(stream("sessions", asked, |reply| teller.message(What::Session(reply)), teller)));
    }
    if let Some(request) = wants.ledger {
        let mut observer = observer();
        let asked = async move { observer.ledger(request).await };
        pumps.push(Box::pin(stream("ledger", asked, |reply| teller.message(What::Ledger(reply)), teller)));
    }
    while let Some(end) = pumps.next().await {
        if let Err(end) = end {
            return end;
        }
    }
    End::Lost("nothing was left to ask".to_owned())
}

/// As `observer.proto` has the method; what comes of it is decoded as far as the reader wants.
async fn packets<M: Message>(
    channel: Channel,
    request: PacketsRequest,
) -> Result<Response<Streaming<M::Packets>>, Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(LONGEST);
    let not_ready = |error: tonic::transport::Error| Status::from_error(Box::new(error));
    grpc.ready().await.map_err(not_ready)?;
    let codec = ProstCodec::<PacketsRequest, M::Packets>::default();
    grpc.server_streaming(Request::new(request), PathAndQuery::from_static(PACKETS), codec).await
}

/// One stream, up to its end.
async fn stream<T, M: Message>(
    name: &str,
    asked: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
    message: impl Fn(T) -> M,
    teller: &Teller<M>,
) -> Result<(), End> {
    let mut stream = match asked.await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return refused(name, &status, teller).await,
    };
    loop {
        match stream.message().await {
            Ok(Some(reply)) => teller.send(message(reply)).await?,
            Ok(None) => return Err(End::Lost(format!("it ended the stream of {name}"))),
            Err(status) => return refused(name, &status, teller).await,
        }
    }
}

/// Says so and goes on, unless it is the connection that is lost.
async fn refused<M: Message>(name: &str, status: &Status, teller: &Teller<M>) -> Result<(), End> {
    let text = match status.code() {
        Code::PermissionDenied
        | Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::ResourceExhausted
        | Code::Unauthenticated
        | Code::OutOfRange
        | Code::NotFound => reason(status),
        Code::Unimplemented => "this daemon does not know it: install the same release of both".to_owned(),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => {
            return Err(End::Lost(reason(status)));
        }
    };
    let refused = Refused { stream: name.to_owned(), reason: text };
    Ok(teller.tell(What::Refused(refused)).await?)
}

/// What has no stream is asked for again and again; whether the daemon still answers is found on the way.
async fn tables<M: Message>(channel: Channel, is_wanted: bool, teller: &Teller<M>) -> Result<(), End> {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let node = NodeClient::new(channel).max_decoding_message_size(LONGEST);
    let mut is_first = true;
    loop {
        ticks.tick().await;
        let mut node = node.clone();
        if is_wanted {
            if let Some(reply) = answer("peers", node.peers(PeersRequest {}), teller).await? {
                teller.tell(What::Peers(reply)).await?;
            }
            if let Some(reply) = answer("interfaces", node.interfaces(InterfacesRequest {}), teller).await? {
                teller.tell(What::Interfaces(reply)).await?;
            }
            if let Some(reply) = answer("nodes", node.nodes(NodesRequest {}), teller).await? {
                teller.tell(What::Nodes(reply)).await?;
            }
        }
        // The greeting was one.
        if !is_first
            && let Some(reply) = answer("status", node.status(StatusRequest {}), teller).await?
            && is_wanted
        {
            teller.tell(What::Status(reply)).await?;
        }
        is_first = false;
    }
}

/// The answer to one question; `None` if it was refused.
async fn answer<T, M: Message>(
    name: &str,
    asked: impl Future<Output = Result<Response<T>, Status>>,
    teller: &Teller<M>,
) -> Result<Option<T>, End> {
    match timeout(PATIENCE, asked).await {
        Err(_) => Err(End::Lost(format!("it did not answer within {} s", PATIENCE.as_secs()))),
        Ok(Ok(reply)) => Ok(Some(reply.into_inner())),
        Ok(Err(status)) => refused(name, &status, teller).await.map(|()| None),
    }
}

/// Between two looks at what has no stream.
const PERIOD: Duration = Duration::from_secs(2);
/// For an answer; a daemon that is busy gives it later.
const PATIENCE: Duration = Duration::from_secs(10);
const PACKETS: &str = "/wgtrace.v1.Observer/Packets";
