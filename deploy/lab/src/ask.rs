//! What a node's daemon says of itself.

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio::time::timeout;
use tonic::transport::Endpoint;
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::{StatusReply, StatusRequest};

/// Asks the daemon at a socket for its status.
///
/// # Errors
/// When it does not answer within two seconds.
pub fn status(socket: &Path) -> Result<StatusReply> {
    // on a thread of its own: the caller's may drive a runtime
    let asked = thread::scope(|scope| {
        let thread = scope.spawn(|| -> Result<StatusReply> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let asked = runtime.block_on(async { timeout(PATIENCE, ask(socket)).await });
            asked.map_err(|_| anyhow!("not within {PATIENCE:?}"))?
        });
        thread.join().map_err(|_| anyhow!("asking panicked"))?
    });
    asked.with_context(|| format!("wgtraced does not answer at {}", socket.display()))
}

async fn ask(socket: &Path) -> Result<StatusReply> {
    let server = Endpoint::from_shared(format!("unix://{}", socket.display()))?;
    let channel = server.connect().await.map_err(|error| anyhow!(last(&error)))?;
    let reply = NodeClient::new(channel).status(StatusRequest {}).await;
    Ok(reply.map_err(|status| anyhow!(status.message().to_owned()))?.into_inner())
}

/// What it is about.
fn last(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

const PATIENCE: Duration = Duration::from_secs(2);
