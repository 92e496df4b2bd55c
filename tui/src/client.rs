//! The daemons that are asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use thiserror::Error;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::{CONTRACT, SOCKET, v1};

/// Which daemons are asked.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Socket of a daemon; may be repeated.
    #[arg(long = "server", value_name = "PATH", env = "WGTRACE_SERVER", hide_env_values = true, value_delimiter = ',', default_value = SOCKET)]
    pub(crate) servers: Vec<PathBuf>,

    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) timeout: u64,
}

impl ServerArgs {
    /// Asks every daemon the same, at once; the answers come in the order of the sockets.
    ///
    /// # Errors
    /// When there is no runtime. That a daemon does not answer is its own answer.
    pub(crate) fn ask<T, F>(&self, question: impl Fn(Client) -> F) -> Result<Vec<Result<T, AskError>>>
    where
        F: Future<Output = Result<T, tonic::Status>>,
    {
        ensure!(self.timeout > 0, "--timeout 0 leaves no time for an answer: give at least 1");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start the runtime")?;
        let patience = Duration::from_secs(self.timeout);
        let ask = async |path: &Path| {
            let asked = async {
                let client = connect(path).await?;
                question(client).await.map_err(|status| AskError::Refused {
                    path: path.into(),
                    message: status.message().to_owned(),
                })
            };
            let silent = || AskError::Silent { path: path.into(), seconds: self.timeout };
            tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| Err(silent()))
        };
        Ok(runtime.block_on(futures_util::future::join_all(self.servers.iter().map(|path| ask(path)))))
    }
}

/// A daemon's half of a conversation.
pub(crate) type Client = NodeClient<Channel>;

async fn connect(path: &Path) -> Result<Client, AskError> {
    let missing = |reason: String| AskError::Missing { path: path.into(), reason };
    let endpoint = Endpoint::from_shared(format!("unix://{}", path.display()));
    let endpoint = endpoint.map_err(|error| missing(error.to_string()))?;
    let channel = endpoint.connect().await.map_err(|error| {
        let reason = root(&error);
        if reason.kind == Some(std::io::ErrorKind::PermissionDenied) {
            return AskError::Forbidden { path: path.into() };
        }
        missing(reason.text)
    })?;
    Ok(NodeClient::new(channel))
}

struct Reason {
    text: String,
    kind: Option<std::io::ErrorKind>,
}

/// What the error is about, which stands at the end of its chain.
fn root(error: &(dyn std::error::Error + 'static)) -> Reason {
    let mut last = error;
    let mut kind = None;
    loop {
        kind = last.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(kind);
        match last.source() {
            Some(source) => last = source,
            None => return Reason { text: last.to_string(), kind },
        }
    }
}

/// Refuses a daemon that speaks another release of the contract.
pub(crate) fn understood(status: &v1::StatusReply) -> Result<()> {
    ensure!(
        status.contract == CONTRACT,
        "the daemon of {} is of release {} and speaks contract {}, this program {CONTRACT}: install the same release of both",
        status.node,
        status.version,
        status.contract
    );
    Ok(())
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum AskError {
    /// Nobody listens.
    #[error(
        "no wgtraced answers at {}: {reason}; start it (`wgtraced run`), or name its socket (--server PATH)",
        path.display()
    )]
    Missing { path: PathBuf, reason: String },
    /// No right.
    #[error("not allowed to open {}: it is for root and the members of its group (`ls -l` shows which)", path.display())]
    Forbidden { path: PathBuf },
    /// No answer in time.
    #[error("wgtraced at {} did not answer within {seconds} s", path.display())]
    Silent { path: PathBuf, seconds: u64 },
    /// An answer that is none.
    #[error("wgtraced at {}: {message}", path.display())]
    Refused { path: PathBuf, message: String },
}
