//! Which daemons are asked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use tonic::transport::Channel;
use wgtrace_api::SOCKET;
use wgtrace_api::filter::{Fault, Filter, FilterError};
use wgtrace_api::v1::node_client::NodeClient;

use super::connect::{AskError, connect, reason};
use crate::config::Config;

/// Which daemons are asked.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Socket of a daemon; may be repeated.
    ///
    /// Without it, those that the environment's `WGTRACE_SERVER` names, with commas between several, else those of
    /// the configuration file, else /run/wgtrace/wgtraced.sock.
    #[arg(long = "server", value_name = "PATH", value_delimiter = ',')]
    servers: Vec<PathBuf>,

    /// Ask every node of a lab that runs on this machine.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = LAB, conflicts_with = "servers")]
    lab: Option<String>,
}

/// Which daemons are asked one question, and how long to wait.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    pub(crate) servers: ServerArgs,

    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    timeout: u64,
}

impl ServerArgs {
    /// What words of the command line want. One that means nothing may be the name of a lab.
    pub(crate) fn filter(&self, words: &[String]) -> Result<Filter> {
        words.join(" ").parse().map_err(|error: FilterError| {
            let is_name = self.lab.is_some() && matches!(error.fault, Fault::NoSuchWord(..));
            let hint = if is_name { "; the name of a lab is given as --lab=NAME" } else { "" };
            anyhow!("the filter: {error}{hint}")
        })
    }

    /// The sockets: of the command line, else of the environment, else of the configuration, else the usual one.
    pub(crate) fn sockets(&self) -> Result<Vec<PathBuf>> {
        if let Some(lab) = &self.lab {
            return of_lab(lab);
        }
        if !self.servers.is_empty() {
            return Ok(self.servers.clone());
        }
        let named = std::env::var_os(VARIABLE).map(|named| between_commas(&named)).unwrap_or_default();
        if !named.is_empty() {
            return Ok(named);
        }
        let configured = Config::load()?.servers;
        Ok(if configured.is_empty() { vec![SOCKET.into()] } else { configured })
    }
}

fn between_commas(named: &OsString) -> Vec<PathBuf> {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let names = named.as_bytes().split(|byte| *byte == b',').filter(|name| !name.is_empty());
    names.map(|name| OsString::from_vec(name.to_vec()).into()).collect()
}

/// Whether a lab of this name runs on this machine.
pub(crate) fn is_lab(name: &str) -> bool {
    is_name(name) && labs().join(name).is_dir()
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !name.is_empty() && name.bytes().all(is_part)
}

fn labs() -> PathBuf {
    std::env::var_os(LAB_DIRECTORY).map_or_else(|| LABS.into(), PathBuf::from)
}

/// Every node's socket is in its directory of the lab.
fn of_lab(name: &str) -> Result<Vec<PathBuf>> {
    ensure!(is_name(name), "`{name}` is no name for a lab: expected letters, digits and hyphens");
    let lab = labs().join(name);
    let context = || format!("no lab runs in {} (`wgtrace lab up --name {name}`)", lab.display());
    let mut sockets = Vec::new();
    for node in std::fs::read_dir(&lab).with_context(context)? {
        let socket = node.with_context(context)?.path().join("run/wgtraced.sock");
        if socket.try_exists().unwrap_or(false) {
            sockets.push(socket);
        }
    }
    sockets.sort();
    ensure!(!sockets.is_empty(), "{}: none of its nodes has a daemon that listens", context());
    Ok(sockets)
}

impl AskArgs {
    /// Asks every daemon the same, at once; the answers come in the order of the sockets.
    ///
    /// # Errors
    /// When it is not known whom to ask. That a daemon does not answer is its own answer.
    pub(crate) fn ask<T, F>(&self, question: impl Fn(Client) -> F) -> Result<Vec<Result<T, AskError>>>
    where
        F: Future<Output = Result<T, tonic::Status>>,
    {
        ensure!(self.timeout > 0, "--timeout 0 leaves no time for an answer: give at least 1");
        let servers = self.servers.sockets()?;
        let patience = Duration::from_secs(self.timeout);
        let ask = async |path: &Path| {
            let asked = async {
                let client = NodeClient::new(connect(path).await?);
                question(client)
                    .await
                    .map_err(|status| AskError::Refused { path: path.into(), message: reason(&status) })
            };
            let silent = || AskError::Silent { path: path.into(), seconds: self.timeout };
            tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| Err(silent()))
        };
        let asked = futures_util::future::join_all(servers.iter().map(|path| ask(path)));
        Ok(super::runtime()?.block_on(asked))
    }
}

/// A daemon's half of a conversation.
pub(crate) type Client = NodeClient<Channel>;

const VARIABLE: &str = "WGTRACE_SERVER";
const LAB: &str = "wgtrace";
/// As `wgtrace-lab` has them.
const LABS: &str = "/run/wgtrace-lab";
const LAB_DIRECTORY: &str = "WGTRACE_LAB_DIRECTORY";
