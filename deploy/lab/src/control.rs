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
