//! `wgtrace status`: a node in the words of `cilium status`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wgtrace_api::v1::{
    FlowTable, NodeEntry, NodesReply, NodesRequest, Peer, PeersReply, PeersRequest, StatusReply,
    StatusRequest,
};

use crate::client::{AskArgs, AskError, Client, understood};
use crate::io;

/// What `wgtrace status` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 every node is well; 1 one is not, or does not answer; 2 a mistake on the command line."
)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) servers: AskArgs,

    /// Print one JSON object a node.
    #[arg(long)]
    pub(crate) json: bool,

    /// Wait until every node is well, at most so many seconds.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "300")]
    pub(crate) wait: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(args: &StatusArgs) -> Result<ExitCode> {
    let deadline = Instant::now() + Duration::from_secs(args.wait.unwrap_or(0));
    loop {
        let answers = args.servers.ask(ask)?;
        let is_well =
            answers.iter().all(|answer| matches!(answer, Ok(answer) if answer.status.faults.is_empty()));
        if is_well || Instant::now() >= deadline {
            tell(args, answers)?;
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        std::thread::sleep(PAUSE);
    }
}

/// A node, and the others as it sees them.
struct Answer {
    status: StatusReply,
    peers: PeersReply,
    nodes: NodesReply,
}

async fn ask(mut client: Client) -> Result<Answer, tonic::Status> {
    let status = client.status(StatusRequest {}).await?.into_inner();
    let peers = client.peers(PeersRequest {}).await?.into_inner();
    Ok(Answer { status, peers, nodes: client.nodes(NodesRequest {}).await?.into_inner() })
}

impl Answer {
    /// Nodes that encrypted packets get through to, and all there are; `None` without encryption.
    fn health(&self) -> Option<(usize, usize)> {
        self.status.encryption.as_ref().filter(|encryption| encryption.enabled)?;
        let nodes = self.nodes.nodes.iter().filter(|node| node.refused.is_empty());
        let is_reachable = |node: &&NodeEntry| {
            let peer = self.peers.peers.iter().find(|peer| peer.public_key == node.public_key);
            // A session that is too old to be used is renewed by the next packet; one that is not, holds packets up.
            let answers =
                |peer: &Peer| peer.session.is_some() || (peer.last_handshake != 0 && peer.staged == 0);
            node.own || peer.is_some_and(answers)
        };
        Some((nodes.clone().filter(is_reachable).count(), nodes.count()))
    }
}

fn tell(args: &StatusArgs, answers: Vec<Result<Answer, AskError>>) -> Result<()> {
    let mut text = String::new();
    let several = answers.len() > 1;
    let now = SystemTime::now();
    for answer in answers {
        match answer {
            Ok(answer) => {
                understood(&answer.status)?;
                if args.json {
                    writeln!(text, "{}", object(&answer))?;
                } else {
                    if several && !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(&lines(&answer, now));
                }
            }
            Err(error) => io::say(format_args!("{error}")),
        }
    }
    io::print(&text)
}

/// The lines that mean something here, in the order and the words of `cilium status`.
fn lines(answer: &Answer, now: SystemTime) -> String {
    let status = &answer.status;
    let encryption = status.encryption.clone().unwrap_or_default();
    let ipam = status.ipam.clone().unwrap_or_default();
    let state = match status.faults.as_slice() {
        [] => "Ok".to_owned(),
        [fault] => format!("1 fault: {fault}"),
        faults => format!("{} faults: {}", faults.len(), faults.join("; ")),
    };
    let encrypted = if encryption.enabled {
        let (device, key) = (&encryption.device, &encryption.public_key);
        format!(
            "Wireguard [{device} (Pubkey: {key}, Port: {}, Peers: {})]",
            encryption.port, encryption.peers
        )
    } else {
        "Disabled".to_owned()
    };
    let enabled = if status.masquerading { "Enabled" } else { "Disabled" };
    let monitor = format!(
        "Listening for events on {} CPUs with {}x{} of shared memory",
        status.cpus, status.ring_pages, status.page_bytes
    );
    let health = answer.health().map(|(reachable, nodes)| {
        format!("{reachable}/{nodes} reachable   ({})", humantime::format_rfc3339_seconds(now))
    });
    let rows = [
        ("KubeProxyReplacement", "Disabled".to_owned()),
        ("Host firewall", "Disabled".to_owned()),
        ("CNI Chaining", "none".to_owned()),
        ("CNI Config file", "CNI configuration file management disabled".to_owned()),
        ("wgtraced", format!("{state}   {} ({}, {})", status.version, status.node, status.cluster)),
        ("NodeMonitor", monitor),
        ("IPAM", format!("IPv4: {}/{} allocated from {},", ipam.allocated, ipam.size, ipam.pod_cidr)),
        ("IPv6 BIG TCP", "Disabled".to_owned()),
        ("BandwidthManager", "Disabled".to_owned()),
        ("Host Routing", "Legacy".to_owned()),
        ("Masquerading", format!("nf_tables [IPv4: {enabled}, IPv6: Disabled]")),
        ("Proxy Status", "No managed proxy redirect".to_owned()),
    ];
    let hubble = status.flows.map(|flows| ("Hubble", hubble(flows, status.started, now)));
    let rows = rows
        .into_iter()
        .chain(hubble)
        .chain([("Encryption", encrypted)])
        .chain(health.map(|health| ("Cluster health", health)));
    let rows = rows.map(|(name, value)| (format!("{name}:"), value));
    let losses =
        status.losses.iter().map(|loss| ("Lost:".to_owned(), format!("{} {}", loss.count, loss.cause)));
    let rows: Vec<String> =
        rows.chain(losses).map(|(name, value)| format!("{name:<24}{}", io::plain(&value))).collect();
    rows.join("\n") + "\n"
}

/// Flows that are known, and how many came in a second since the daemon started, as Hubble has it.
fn hubble(flows: FlowTable, started: i64, now: SystemTime) -> String {
    let FlowTable { current, most, seen } = flows;
    let started = Duration::from_nanos(u64::try_from(started).unwrap_or(0));
    let uptime = now.duration_since(SystemTime::UNIX_EPOCH + started).unwrap_or_default().as_secs().max(1);
    let (percent, rate) = (ratio(current.saturating_mul(100), most), ratio(seen, uptime));
    format!("Ok   Current/Max Flows: {current}/{most} ({percent}%), Flows/s: {rate}   Metrics: Disabled")
}

/// With two digits behind the point.
fn ratio(part: u64, of: u64) -> String {
    let hundredths = u128::from(part) * 100 / u128::from(of.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn object(answer: &Answer) -> Value {
    let status = &answer.status;
    let health = answer.health().map(|(reachable, nodes)| json!({"reachable": reachable, "nodes": nodes}));
    let encryption = status.encryption.clone().unwrap_or_default();
    let ipam = status.ipam.clone().unwrap_or_default();
    json!({
        "node": status.node,
        "cluster": status.cluster,
        "version": status.version,
        "contract": status.contract,
        "started": status.started,
        "faults": status.faults,
        "encryption": {
            "enabled": encryption.enabled,
            "device": encryption.device,
            "public-key": encryption.public_key,
            "port": encryption.port,
            "peers": encryption.peers,
            "backend": encryption.backend,
        },
        "ipam": {"pod-cidr": ipam.pod_cidr, "allocated": ipam.allocated, "size": ipam.size},
        "masquerading": status.masquerading,
        "flows": status.flows.map(|flows| json!({"current": flows.current, "max": flows.most, "seen": flows.seen})),
        "monitor": {"cpus": status.cpus, "ring-pages": status.ring_pages, "page-bytes": status.page_bytes},
        "health": health,
        "losses": status.losses.iter().map(|loss| json!({"cause": loss.cause, "count": loss.count})).collect::<Vec<_>>(),
    })
}

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use wgtrace_api::v1::{Encryption, Ipam, Loss};

    use super::*;

    fn answer(status: StatusReply) -> Answer {
        let node = |name: &str, own| NodeEntry {
            name: name.into(),
            public_key: name.into(),
            own,
            ..Default::default()
        };
        let peer =
            |key: &str, last_handshake| Peer { public_key: key.into(), last_handshake, ..Default::default() };
        let nodes = vec![node("a", true), node("b", false), node("c", false)];
        let (peers, nodes) = (PeersReply { peers: vec![peer("b", 1), peer("c", 0)] }, NodesReply { nodes });
        Answer { status, peers, nodes }
    }

    fn status() -> StatusReply {
        StatusReply {
            version: "0.1.0".into(),
            node: "worker".into(),
            cluster: "cilium-wireguard".into(),
            encryption: Some(Encryption {
                enabled: true,
                device: "cilium_wg0".into(),
                public_key: "47ZDP52maTXdv6BWAmy/wIhlFgHAvrhw4Zi0i9CnX2Y=".into(),
                port: 51871,
                peers: 2,
                backend: "user".into(),
            }),
            ipam: Some(Ipam { pod_cidr: "10.0.0.0/24".into(), allocated: 5, size: 252 }),
            masquerading: true,
            cpus: 2,
            ring_pages: 64,
            page_bytes: 4096,
            flows: Some(FlowTable { current: 4095, most: 131_072, seen: 9730 }),
            ..Default::default()
        }
    }

    #[test]
    fn the_walkthroughs_lines_are_said_in_its_words() {
        let text = lines(&answer(status()), SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        assert!(line("Encryption:").ends_with(
            "Wireguard [cilium_wg0 (Pubkey: 47ZDP52maTXdv6BWAmy/wIhlFgHAvrhw4Zi0i9CnX2Y=, Port: 51871, Peers: 2)]"
        ));
        assert!(line("IPAM:").ends_with("IPv4: 5/252 allocated from 10.0.0.0/24,"));
        assert!(
            line("NodeMonitor:").ends_with("Listening for events on 2 CPUs with 64x4096 of shared memory")
        );
        assert!(line("Cluster health:").ends_with("2/3 reachable   (1970-01-01T00:16:40Z)"));
        assert!(line("wgtraced:").contains("Ok   0.1.0 (worker"));
        assert!(
            line("Hubble:")
                .ends_with("Ok   Current/Max Flows: 4095/131072 (3.12%), Flows/s: 9.73   Metrics: Disabled")
        );
        let place = |start| text.find(start).unwrap();
        assert!(place("Proxy Status:") < place("Hubble:") && place("Hubble:") < place("Encryption:"));
    }

    #[test]
    fn faults_and_losses_are_told_without_control_characters() {
        let fault = "device \u{1b}[31meth0 is down".to_owned();
        let losses = vec![Loss { cause: "to-netdev: Traffic is unencrypted".into(), count: 3 }];
        let text =
            lines(&answer(StatusReply { faults: vec![fault], losses, ..status() }), SystemTime::UNIX_EPOCH);
        assert!(text.contains("1 fault: device") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("3 to-netdev: Traffic is unencrypted"));
    }
}
