//! To a daemon's socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use thiserror::Error;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::{CONTRACT, v1};

/// Connects, and notices when nobody is at the other end any more.
pub(super) async fn connect(path: &Path) -> Result<Channel, AskError> {
    let missing = |reason: String| AskError::Missing { path: path.into(), reason };
    let path = std::path::absolute(path).map_err(|error| missing(error.to_string()))?;
    let endpoint = Endpoint::from_shared(format!("unix://{}", path.display()));
    let endpoint = endpoint.map_err(|error| missing(error.to_string()))?;
    let endpoint = endpoint
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    endpoint.connect().await.map_err(|error| {
        let reason = root(&error);
        if reason.kind == Some(std::io::ErrorKind::PermissionDenied) {
            return AskError::Forbidden { path: path.clone() };
        }
        missing(reason.text)
    })
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

/// What a failed call says, without what stands around it.
pub(super) fn reason(status: &tonic::Status) -> String {
    use std::error::Error as _;
    match status.source() {
        Some(source) => root(source).text,
        None if status.message().is_empty() => status.code().description().to_owned(),
        None => status.message().to_owned(),
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

/// What may be under way to a reader that is slow, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;
/// Room for all streams, so that one that stands still holds up no other.
const CONNECTION_WINDOW: u32 = 8 << 20;
/// How often to ask whether the other end lives, and how long to wait for the answer.
const ALIVE: Duration = Duration::from_secs(5);
