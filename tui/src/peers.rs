//! `wgtrace peers`: the nodes that packets are encrypted for.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wgtrace_api::v1::{Peer, PeersReply, PeersRequest, StatusReply, StatusRequest};

use crate::client::{AskArgs, Client, understood};
use crate::io;

/// What `wgtrace peers` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 every node answered; 1 one did not; 2 a mistake on the command line.")]
pub(crate) struct PeersArgs {
    #[command(flatten)]
    pub(crate) servers: AskArgs,

    /// Print one JSON object a peer.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &PeersArgs) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut text = String::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    for answer in args.servers.ask(ask)? {
        match answer {
            Ok((status, mut peers)) => {
                understood(&status)?;
                // a daemon's own order is that of keys
                peers.peers.sort_by(|one, other| one.node.cmp(&other.node));
                for peer in &peers.peers {
                    if args.json {
                        writeln!(text, "{}", object(&status.node, peer))?;
                    } else {
                        text.push_str(&lines(&status.node, peer, now));
                    }
                }
            }
            Err(error) => {
                io::say(format_args!("{error}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    io::print(&text)?;
    Ok(code)
}

async fn ask(mut client: Client) -> Result<(StatusReply, PeersReply), tonic::Status> {
    let status = client.status(StatusRequest {}).await?.into_inner();
    Ok((status, client.peers(PeersRequest {}).await?.into_inner()))
}

/// As `wg show` has it, with names.
fn lines(node: &str, peer: &Peer, now: Duration) -> String {
    let handshake = match u64::try_from(peer.last_handshake) {
        Ok(at) if at > 0 => {
            let age = now.saturating_sub(Duration::from_nanos(at));
            format!("{} ago", humantime::format_duration(Duration::from_secs(age.as_secs())))
        }
        _ => "never".to_owned(),
    };
    let name = if peer.node.is_empty() { "(no node)" } else { &peer.node };
    let mut rows = vec![
        ("endpoint", peer.endpoint.clone()),
        ("allowed ips", peer.allowed_ips.join(", ")),
        ("latest handshake", handshake),
        ("transfer", format!("{} B received, {} B sent", peer.rx_bytes, peer.tx_bytes)),
    ];
    if let Some(session) = &peer.session {
        let role = if session.initiator { "initiator" } else { "responder" };
        let (local, remote) = (session.local_index, session.remote_index);
        rows.push(("session", format!("{role}, receives as 0x{local:08x}, sends to 0x{remote:08x}")));
    }
    if peer.staged > 0 {
        rows.push(("waiting", format!("{} packets, for a session", peer.staged)));
    }
    rows.extend(peer.losses.iter().map(|loss| ("dropped", format!("{} {}", loss.count, loss.cause))));
    let head = io::plain(&format!("{node} -> {name}: {}", peer.public_key)) + "\n";
    let rows = rows.iter().map(|(name, value)| format!("  {name}: {}\n", io::plain(value)));
    [head].into_iter().chain(rows).collect()
}

fn object(node: &str, peer: &Peer) -> Value {
    let session = peer.session.as_ref().map(|session| {
        json!({
            "initiator": session.initiator,
            "local-index": session.local_index,
            "remote-index": session.remote_index,
            "age": session.age,
            "sent": session.sent,
            "received": session.received,
        })
    });
    json!({
        "node": node,
        "peer": peer.node,
        "public-key": peer.public_key,
        "endpoint": peer.endpoint,
        "allowed-ips": peer.allowed_ips,
        "last-handshake": (peer.last_handshake > 0).then_some(peer.last_handshake),
        "rx-bytes": peer.rx_bytes,
        "tx-bytes": peer.tx_bytes,
        "session": session,
        "staged": peer.staged,
        "losses": peer.losses.iter().map(|loss| json!({"cause": loss.cause, "count": loss.count})).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_shown_as_wg_shows_it_with_its_nodes_name() {
        let peer = Peer {
            public_key: "IKwg++mojsgZ5mw3McPgcg5Cq9qe/dfNOz3det8U12o=".into(),
            node: "worker2".into(),
            endpoint: "172.18.0.4:51871".into(),
            allowed_ips: vec!["10.0.2.0/24".into(), "172.18.0.4/32".into()],
            last_handshake: 1_000_000_000,
            rx_bytes: 476,
            tx_bytes: 628,
            ..Default::default()
        };
        let text = lines("worker", &peer, Duration::from_secs(222));
        let expected = "worker -> worker2: IKwg++mojsgZ5mw3McPgcg5Cq9qe/dfNOz3det8U12o=\n  endpoint: 172.18.0.4:51871\n  \
                        allowed ips: 10.0.2.0/24, 172.18.0.4/32\n  latest handshake: 3m 41s ago\n  \
                        transfer: 476 B received, 628 B sent\n";
        assert_eq!(text, expected);
        let never = lines("worker", &Peer::default(), Duration::ZERO);
        assert!(never.contains("latest handshake: never") && never.contains("(no node)"), "{never}");
    }
}
