//! Answers to who asks the supervisor.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use super::cluster::Cluster;
use crate::control::{Daemon, Reply, Request};

/// Answers one request. There is nobody to tell when that fails.
pub(super) fn answer(mut stream: &UnixStream, cluster: Option<&Cluster>, down: impl FnOnce()) {
    let reply = match read(stream) {
        Ok(Request::Down) => {
            down();
            Reply::Done
        }
        Ok(request) => {
            act(&request, cluster).unwrap_or_else(|error| Reply::Failed { why: format!("{error:#}") })
        }
        Err(error) => Reply::Failed { why: format!("{error:#}") },
    };
    if let Ok(line) = serde_json::to_string(&reply) {
        let _ = stream.write_all((line + "\n").as_bytes());
    }
}

fn read(stream: &UnixStream) -> Result<Request> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).context("not a request of this release")
}

fn act(request: &Request, cluster: Option<&Cluster>) -> Result<Reply> {
    let cluster = cluster.context("the lab is not ready yet")?;
    match request {
        Request::Status => {
            let daemons = cluster.nodes.iter().map(|node| node.daemon.state()).collect();
            return Ok(Reply::Status { daemons, traffic: cluster.talks() });
        }
        Request::Daemon { action, node } => {
            let node = cluster.node(node)?;
            match action {
                Daemon::Stop => drop(node.daemon.stop()?),
                Daemon::Kill => drop(node.daemon.end(Signal::KILL)?),
                Daemon::Start => {
                    node.daemon.start(&node.place)?;
                    node.daemon.wait_ready()?;
                }
            }
        }
        Request::Traffic { is_on } => cluster.talk(*is_on)?,
        Request::Down => {}
    }
    Ok(Reply::Done)
}

const PATIENCE: Duration = Duration::from_secs(5);
