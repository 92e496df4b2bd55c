//! `status`: what runs, and what is wrong.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use crate::cli::{EXIT_FAULTS, StatusArgs};
use crate::control::{TalkState, TrafficState};
use crate::home::Home;
use crate::{Lab, ask};

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Status<'l> {
    name: &'l str,
    supervisor: i32,
    encryption: bool,
    nodes: Vec<NodeStatus<'l>>,
    pods: Vec<PodStatus<'l>>,
    traffic: TrafficState,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct NodeStatus<'l> {
    name: &'l str,
    address: String,
    pod_cidr: &'l str,
    router: String,
    pid: Option<i32>,
    alive: bool,
    faults: Vec<String>,
    peers: u32,
    socket: String,
    key_log: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct PodStatus<'l> {
    name: &'l str,
    node: &'l str,
    address: String,
    device: &'l str,
    netns: String,
}

pub(crate) fn run(args: &StatusArgs, home: &Home) -> Result<ExitCode> {
    let lab = Lab::attach_to(home)?;
    let status = Status::of(&lab)?;
    let mut out = io::stdout().lock();
    let written =
        if args.json { writeln!(out, "{}", serde_json::to_string(&status)?) } else { status.write(&mut out) };
    let is_well = status.nodes.iter().all(|node| node.faults.is_empty());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ if is_well => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::from(EXIT_FAULTS)),
    }
}

/// The same, as `up` shows it.
pub(crate) fn table(lab: &Lab, out: &mut impl Write) -> Result<()> {
    match Status::of(lab)?.write(out) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

impl<'l> Status<'l> {
    fn of(lab: &'l Lab) -> Result<Self> {
        let (daemons, traffic) = lab.states()?;
        let nodes = lab.nodes().iter().map(|node| {
            let daemon = daemons.iter().find(|daemon| daemon.node == node.name());
            let pid = daemon.and_then(|daemon| daemon.pid);
            let (faults, peers) = match (pid, ask::status(&node.socket())) {
                (Some(_), Ok(status)) => (status.faults, status.encryption.map_or(0, |of| of.peers)),
                (Some(_), Err(error)) => (vec![format!("{error:#}")], 0),
                (None, _) => {
                    let how = daemon.and_then(|daemon| daemon.ended.as_deref());
                    (vec![format!("wgtraced does not run: {}", how.unwrap_or("it was not started"))], 0)
                }
            };
            NodeStatus {
                name: node.name(),
                address: node.address().to_string(),
                pod_cidr: node.pod_cidr(),
                router: node.router().to_string(),
                pid,
                alive: pid.is_some(),
                faults,
                peers,
                socket: node.socket().display().to_string(),
                key_log: node.key_log().map(|path| path.display().to_string()),
            }
        });
        let pods = lab.pods().iter().map(|pod| PodStatus {
            name: pod.name(),
            node: pod.node(),
            address: pod.address().to_string(),
            device: pod.host_device(),
            netns: pod.netns().display().to_string(),
        });
        Ok(Self {
            name: lab.name(),
            supervisor: lab.supervisor(),
            encryption: lab.settings().encryption,
            nodes: nodes.collect(),
            pods: pods.collect(),
            traffic,
        })
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let pid = |pid: Option<i32>| pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let head = ["NODE", "ADDRESS", "PODS", "ROUTER", "PID", "PEERS", "SOCKET"].map(str::to_owned);
        let rows = self.nodes.iter().map(|node| {
            let NodeStatus { name, address, pod_cidr, router, peers, socket, .. } = node;
            [
                (*name).to_owned(),
                address.clone(),
                (*pod_cidr).to_owned(),
                router.clone(),
                pid(node.pid),
                peers.to_string(),
                socket.clone(),
            ]
        });
        columns(out, [head].into_iter().chain(rows))?;
        writeln!(out)?;
        let head = ["POD", "ADDRESS", "NODE", "DEVICE"].map(str::to_owned);
        let rows =
            self.pods.iter().map(|pod| [pod.name, &pod.address, pod.node, pod.device].map(str::to_owned));
        columns(out, [head].into_iter().chain(rows))?;
        self.write_traffic(out)?;
        for node in &self.nodes {
            for fault in &node.faults {
                writeln!(out, "\n{}: {fault}", node.name)?;
            }
        }
        Ok(())
    }

    /// Nothing of a lab whose pods have never talked.
    fn write_traffic(&self, out: &mut impl Write) -> io::Result<()> {
        let TrafficState { is_on, talks } = &self.traffic;
        if talks.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        let head = [if *is_on { "TRAFFIC" } else { "TRAFFIC (off)" }, "SENT", "ANSWERED", "LAST TROUBLE"];
        let rows = talks.iter().map(|talk| {
            let TalkState { name, sent, answered, trouble } = talk;
            let trouble = trouble.as_deref().unwrap_or("-").to_owned();
            [name.clone(), sent.to_string(), answered.to_string(), trouble]
        });
        columns(out, [head.map(str::to_owned)].into_iter().chain(rows))
    }
}

/// Writes rows of cells, each column as wide as its widest.
fn columns<const N: usize>(out: &mut impl Write, rows: impl Iterator<Item = [String; N]>) -> io::Result<()> {
    let rows: Vec<[String; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
