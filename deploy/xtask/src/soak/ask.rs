//! What daemons are asked.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{LedgerReply, LedgerRequest, Peer, PeersRequest};

/// The peers of the daemon at a socket.
pub(super) async fn peers(socket: &Path) -> Result<Vec<Peer>> {
    let ask = async {
        let mut client = NodeClient::new(channel(socket).await?);
        Ok(client.peers(PeersRequest {}).await?.into_inner().peers)
    };
    timeout(PATIENCE, ask).await.context("no answer")?
}

/// Its account of events, once somebody who listens was told of some.
pub(super) async fn begun_ledger(socket: &Path) -> Result<LedgerReply> {
    let has_begun = |reply: &LedgerReply| reply.rows.iter().any(|row| row.delivered > 0);
    timeout(SETTLING, ledger(socket, has_begun)).await.context("nobody listens")?
}

/// Its account of events, once it has not changed for a while; nobody may send anything meanwhile.
pub(super) async fn settled_ledger(socket: &Path) -> Result<LedgerReply> {
    let mut last: Option<LedgerReply> = None;
    let mut alike = 0;
    let is_settled = |reply: &LedgerReply| {
        let is_same = last.as_ref().is_some_and(|last| last.rows == reply.rows);
        alike = if is_same { alike + 1 } else { 0 };
        last = Some(reply.clone());
        alike >= ALIKE
    };
    timeout(SETTLING, ledger(socket, is_settled)).await.context("the account does not settle")?
}

/// The first of its accounts that is as wanted.
async fn ledger(socket: &Path, mut is_it: impl FnMut(&LedgerReply) -> bool) -> Result<LedgerReply> {
    let request = LedgerRequest { interval: INTERVAL };
    let mut stream = ObserverClient::new(channel(socket).await?).ledger(request).await?.into_inner();
    loop {
        let reply = stream.message().await?.context("the account ended")?;
        if is_it(&reply) {
            return Ok(reply);
        }
    }
}

async fn channel(socket: &Path) -> Result<Channel> {
    let server = Endpoint::from_shared(format!("unix://{}", socket.display()))?;
    server.connect().await.with_context(|| format!("nobody answers at {}", socket.display()))
}

const PATIENCE: Duration = Duration::from_secs(5);
const SETTLING: Duration = Duration::from_mins(1);
/// In nanoseconds.
const INTERVAL: u64 = 100_000_000;
const ALIKE: u32 = 5;
