//! What one connection carries.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::transport::Channel;
use tonic::{Code, Response, Status, Streaming};
use wgtrace_api::recording::LONGEST;
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{
    InterfacesRequest, NodesRequest, PeersRequest, Refused, SessionsRequest, StatusRequest,
};

use super::connect::reason;
use super::conversation::{Teller, Unheard};
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
pub(super) async fn pump(channel: Channel, wants: &Wants, teller: &Teller) -> End {
    let observer = || ObserverClient::new(channel.clone()).max_decoding_message_size(LONGEST);
    // Nothing may be wanted, and everything refused: the connection is watched by asking.
    let mut pumps: FuturesUnordered<BoxFuture<'_, Result<(), End>>> = FuturesUnordered::new();
    pumps.push(Box::pin(tables(channel.clone(), wants.tables, teller)));
    if let Some(request) = wants.packets.clone() {
        let mut observer = observer();
        let asked = async move { observer.packets(request).await };
        pumps.push(Box::pin(stream("packets", asked, What::Packets, teller)));
    }
    if let Some(request) = wants.flows.clone() {
        let mut observer = observer();
        let asked = async move { observer.flows(request).await };
        pumps.push(Box::pin(stream("flows", asked, What::Flows, teller)));
    }
    if let Some(request) = wants.drops {
        let mut observer = observer();
        let asked = async move { observer.drops(request).await };
        pumps.push(Box::pin(stream("drops", asked, What::Drops, teller)));
    }
    if wants.sessions {
        let mut observer = observer();
        let asked = async move { observer.sessions(SessionsRequest {}).await };
        pumps.push(Box::pin(stream("sessions", asked, What::Session, teller)));
    }
    if let Some(request) = wants.ledger {
        let mut observer = observer();
        let asked = async move { observer.ledger(request).await };
        pumps.push(Box::pin(stream("ledger", asked, What::Ledger, teller)));
    }
    while let Some(end) = pumps.next().await {
        if let Err(end) = end {
            return end;
        }
    }
    End::Lost("nothing was left to ask".to_owned())
}

/// One stream, up to its end.
async fn stream<T>(
    name: &str,
    asked: impl Future<Output = Result<Response<Streaming<T>>, Status>>,
    what: impl Fn(T) -> What,
    teller: &Teller,
) -> Result<(), End> {
    let mut stream = match asked.await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return refused(name, &status, teller).await,
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) => teller.tell(what(message)).await?,
            Ok(None) => return Err(End::Lost(format!("it ended the stream of {name}"))),
            Err(status) => return refused(name, &status, teller).await,
        }
    }
}

/// Says so and goes on, unless it is the connection that is lost.
async fn refused(name: &str, status: &Status, teller: &Teller) -> Result<(), End> {
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
async fn tables(channel: Channel, is_wanted: bool, teller: &Teller) -> Result<(), End> {
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
async fn answer<T>(
    name: &str,
    asked: impl Future<Output = Result<Response<T>, Status>>,
    teller: &Teller,
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
