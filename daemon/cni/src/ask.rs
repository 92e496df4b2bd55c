//! The whole of a run: read, ask, answer.

use std::time::Duration;

use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint as Server};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::{Endpoint, EndpointAddRequest, EndpointCheckRequest, EndpointDeleteRequest};

use crate::config::Config;
use crate::error::{CniError, Code};
use crate::outcome;
use crate::queue::{Deletion, Queue};
use crate::request::{Command, Request};

/// Does what the environment asks for; what is written to standard output is returned.
///
/// # Errors
/// Why it was not done, in the form that the runtime reads.
pub fn run(variable: &dyn Fn(&str) -> Option<String>, input: &[u8]) -> Result<String, CniError> {
    let request = Request::read(variable)?;
    if request.command == Command::Version {
        return Ok(outcome::versions());
    }
    let config = Config::parse(input)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CniError::new(Code::Io, format!("cannot start the runtime: {error}")))?;
    let asked = runtime.block_on(async {
        timeout(PATIENCE, ask(&request, &config)).await.unwrap_or_else(|_| {
            let message = format!("wgtraced did not answer within {} s", PATIENCE.as_secs());
            Err(CniError::new(Code::TryAgainLater, message))
        })
    });
    asked.map_err(|error| error.in_version(&config.cni_version))
}

async fn ask(request: &Request, config: &Config) -> Result<String, CniError> {
    let (container_id, interface) = (request.container_id.clone(), request.interface.clone());
    let mut node = match (connect(config).await, request.command) {
        (Ok(node), _) => node,
        (Err(_), Command::Del) => return leave(config, container_id, interface),
        (Err(error), _) => return Err(error),
    };
    match request.command {
        Command::Add => {
            let add = EndpointAddRequest {
                container_id,
                interface,
                netns: request.netns.clone(),
                address: request.argument("IP").to_owned(),
                pod: request.argument("K8S_POD_NAME").to_owned(),
                namespace: request.argument("K8S_POD_NAMESPACE").to_owned(),
            };
            let endpoint = node.endpoint_add(add).await.map_err(refused)?.into_inner().endpoint;
            Ok(outcome::added(&config.cni_version, &endpoint.unwrap_or_default()))
        }
        Command::Check => {
            let check = EndpointCheckRequest { container_id, interface, netns: request.netns.clone() };
            let endpoint = node.endpoint_check(check).await.map_err(refused)?.into_inner().endpoint;
            agree(config, &endpoint.unwrap_or_default()).map(|()| String::new())
        }
        Command::Del => {
            let delete =
                EndpointDeleteRequest { container_id: container_id.clone(), interface: interface.clone() };
            match node.endpoint_delete(delete).await {
                Ok(_) => Ok(String::new()),
                Err(status) if is_gone(&status) => leave(config, container_id, interface),
                Err(status) => Err(refused(status)),
            }
        }
        Command::Version => Ok(outcome::versions()),
    }
}

async fn connect(config: &Config) -> Result<NodeClient<Channel>, CniError> {
    let unreachable = |error: String| {
        let message =
            format!("wgtraced does not answer at {}: {error}; is it running?", config.socket.display());
        CniError::new(Code::TryAgainLater, message)
    };
    let server = Server::from_shared(format!("unix://{}", config.socket.display()))
        .map_err(|error| unreachable(error.to_string()))?;
    let channel = server.connect().await.map_err(|error| unreachable(words(&error)))?;
    Ok(NodeClient::new(channel))
}

/// What the error is about, which stands at the end of its chain.
fn words(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// Runtimes repeat a DEL that fails for a long time: one that can wait succeeds.
fn leave(config: &Config, container_id: String, interface: String) -> Result<String, CniError> {
    let left = Queue::new(&config.queue).leave(&Deletion { container_id, interface });
    left.map(|()| String::new()).map_err(|error| {
        let message = format!(
            "wgtraced does not answer, and the deletion cannot wait in {}: {error}",
            config.queue.display()
        );
        CniError::new(Code::TryAgainLater, message)
    })
}

/// CHECK is about what ADD answered, if the runtime says what that was.
fn agree(config: &Config, endpoint: &Endpoint) -> Result<(), CniError> {
    let Some(previous) = &config.prev_result else { return Ok(()) };
    let Some(before) = previous.pointer("/ips/0/address").and_then(serde_json::Value::as_str) else {
        return Ok(());
    };
    if before == format!("{}/32", endpoint.address) {
        return Ok(());
    }
    let message = format!("the container had {before} and has {}/32", endpoint.address);
    Err(CniError::new(Code::UnknownContainer, message))
}

/// Whether it is not what the daemon answered, but what became of the connection: a status of the daemon's own has no
/// source.
fn is_gone(status: &tonic::Status) -> bool {
    status.code() == tonic::Code::Unavailable || std::error::Error::source(status).is_some()
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn refused(status: tonic::Status) -> CniError {
    if is_gone(&status) {
        let message = format!("wgtraced ended before it answered: {}", status.message());
        return CniError::new(Code::TryAgainLater, message);
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "one number for whatever a daemon may say")]
    let code = match status.code() {
        tonic::Code::Unavailable | tonic::Code::ResourceExhausted | tonic::Code::DeadlineExceeded => {
            Code::TryAgainLater
        }
        tonic::Code::NotFound | tonic::Code::FailedPrecondition => Code::UnknownContainer,
        tonic::Code::InvalidArgument => Code::InvalidEnvironment,
        _ => Code::Refused,
    };
    CniError::new(code, format!("wgtraced: {}", status.message()))
}

/// Runtimes wait for minutes; kubelet's own limit is two.
const PATIENCE: Duration = Duration::from_mins(1);
