//! `wgtrace status`: a node in the words of `cilium status`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wgtrace_api::v1::{StatusReply, StatusRequest};

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
        let is_well = answers.iter().all(|answer| matches!(answer, Ok(status) if status.faults.is_empty()));
        if is_well || Instant::now() >= deadline {
            tell(args, answers)?;
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        std::thread::sleep(PAUSE);
    }
}

async fn ask(mut client: Client) -> Result<StatusReply, tonic::Status> {
    Ok(client.status(StatusRequest {}).await?.into_inner())
}

fn tell(args: &StatusArgs, answers: Vec<Result<StatusReply, AskError>>) -> Result<()> {
    let mut text = String::new();
    let several = answers.len() > 1;
    for answer in answers {
        match answer {
            Ok(status) => {
                understood(&status)?;
                if args.json {
                    writeln!(text, "{}", object(&status))?;
                } else {
                    if several && !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(&lines(&status));
                }
            }
            Err(error) => io::say(format_args!("{error}")),
        }
    }
    io::print(&text)
}

/// The lines that mean something here, in the order and the words of `cilium status`.
fn lines(status: &StatusReply) -> String {
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
    let rows = [
        ("KubeProxyReplacement", "Disabled".to_owned()),
        ("wgtraced", format!("{state}   {} ({}, {})", status.version, status.node, status.cluster)),
        ("IPAM", format!("IPv4: {}/{} allocated from {},", ipam.allocated, ipam.size, ipam.pod_cidr)),
        ("Host Routing", "Legacy".to_owned()),
        ("Masquerading", format!("nf_tables [IPv4: {enabled}, IPv6: Disabled]")),
        ("Encryption", encrypted),
    ];
    let rows = rows.iter().map(|(name, value)| (format!("{name}:"), value.clone()));
    let losses =
        status.losses.iter().map(|loss| ("Lost:".to_owned(), format!("{} {}", loss.count, loss.cause)));
    let rows: Vec<String> =
        rows.chain(losses).map(|(name, value)| format!("{name:<24}{}", io::plain(&value))).collect();
    rows.join("\n") + "\n"
}

fn object(status: &StatusReply) -> Value {
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
        "losses": status.losses.iter().map(|loss| json!({"cause": loss.cause, "count": loss.count})).collect::<Vec<_>>(),
    })
}

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use wgtrace_api::v1::{Encryption, Ipam, Loss};

    use super::*;

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
            ..Default::default()
        }
    }

    #[test]
    fn the_walkthroughs_lines_are_said_in_its_words() {
        let text = lines(&status());
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        assert!(line("Encryption:").ends_with(
            "Wireguard [cilium_wg0 (Pubkey: 47ZDP52maTXdv6BWAmy/wIhlFgHAvrhw4Zi0i9CnX2Y=, Port: 51871, Peers: 2)]"
        ));
        assert!(line("IPAM:").ends_with("IPv4: 5/252 allocated from 10.0.0.0/24,"));
        assert!(line("wgtraced:").contains("Ok   0.1.0 (worker"));
    }

    #[test]
    fn faults_and_losses_are_told_without_control_characters() {
        let fault = "device \u{1b}[31meth0 is down".to_owned();
        let losses = vec![Loss { cause: "to-netdev: Traffic is unencrypted".into(), count: 3 }];
        let text = lines(&StatusReply { faults: vec![fault], losses, ..status() });
        assert!(text.contains("1 fault: device") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("3 to-netdev: Traffic is unencrypted"));
    }
}
