//! What a lab's supervisor is asked, a line of JSON each way.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::home::Home;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// What runs.
    Status,
    /// Ends or starts a daemon.
    Daemon {
        /// Which of it.
        action: Daemon,
        /// Whose.
        node: String,
    },
    /// Has pods talk to each other, or be silent.
    Traffic {
        /// Which of it.
        is_on: bool,
    },
    /// Ends everything.
    Down,
}

/// What to do with a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Daemon {
    /// End it in order (SIGTERM): the datapath stays.
    Stop,
    /// End it at once (SIGKILL).
    Kill,
    /// Start it as it was at first.
    Start,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// It is done.
    Done,
    /// What runs.
    Status {
        /// One for each node.
        daemons: Vec<DaemonState>,
        /// What pods say to each other.
        traffic: TrafficState,
    },
    /// It is not done.
    Failed {
        /// Why.
        why: String,
    },
}

/// What a node's daemon does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DaemonState {
    /// The node.
    pub node: String,
    /// Its process, as it is numbered outside; `None` if it does not run.
    pub pid: Option<i32>,
    /// How it ended, if it did: `exit status: 1`.
    pub ended: Option<String>,
}

/// What pods say to each other for somebody to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrafficState {
    /// Whether they do now.
    #[serde(rename = "on")]
    pub is_on: bool,
    /// Since they first did.
    pub talks: Vec<TalkState>,
}

/// What became of what one pod says again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TalkState {
    /// What it is: `net pings 10.0.2.194`.
    pub name: String,
    /// How often it was said.
    pub sent: u64,
    /// How often there was an answer.
    pub answered: u64,
    /// Why there was none the last time that there was none.
    pub trouble: Option<String>,
}

/// Asks the supervisor of a lab.
///
/// # Errors
/// When it does not answer, or says that it did not do it.
pub fn ask(home: &Home, request: &Request) -> Result<Reply> {
    let path = home.control();
    let talk = || -> Result<String> {
        let mut stream = UnixStream::connect(&path)?;
        stream.write_all((serde_json::to_string(request)? + "\n").as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    let line = talk().with_context(|| {
        format!("lab `{}` does not answer at {}: has it ended?", home.name(), path.display())
    })?;
    match serde_json::from_str(&line).with_context(|| format!("lab `{}` ended meanwhile", home.name()))? {
        Reply::Failed { why } => bail!(why),
        reply @ (Reply::Done | Reply::Status { .. }) => Ok(reply),
    }
}
