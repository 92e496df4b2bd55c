//! `wgtraced config`.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wgtrace_tunnel::Prefix;

use super::Config;

/// What `wgtraced config` takes.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What can be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a file, and print the whole configuration that follows from it.
    #[command(after_help = "Exit status: 0 it makes sense; 1 it does not: line, column and why.")]
    Check {
        /// The file, such as /etc/wgtrace/wgtraced.toml.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, or makes no sense.
pub fn run(args: &ConfigArgs) -> Result<ExitCode> {
    let ConfigCommand::Check { file, json } = &args.command;
    let config = Config::load(file)?;
    let text = if *json { format!("{}\n", object(&config)) } else { config.to_string() };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write"),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn object(config: &Config) -> Value {
    let list = |networks: &[Prefix]| networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    let encryption = config.encryption;
    json!({
        "cluster-name": config.cluster_name.as_str(),
        "node-name": config.node_name.as_str(),
        "node-ip": config.node_ip,
        "device": config.device.as_str(),
        "device-mtu": config.device_mtu,
        "pod-cidr": config.pod_cidr.to_string(),
        "router-ip": config.router_ip,
        "tunnel": "disabled",
        "auto-direct-node-routes": config.auto_direct_node_routes,
        "ipv4-native-routing-cidr": config.ipv4_native_routing_cidr.to_string(),
        "cleartext-cidr": list(&config.cleartext_cidr),
        "service-cidr": list(&config.service_cidr),
        "l7-proxy": false,
        "monitor-aggregation": "none",
        "state-directory": config.state_directory,
        "run-directory": config.run_directory,
        "ipam": {
            "mode": "cluster-pool",
            "cluster-pool": list(&config.cluster_pool),
            "nodes-in-pool": config.nodes_in_pool,
        },
        "encryption": {
            "enabled": encryption.is_some(),
            "type": "wireguard",
            "listen-port": encryption.map(|encryption| encryption.listen_port),
            "overhead": encryption.map(|encryption| encryption.overhead),
            "strict-mode": encryption.map(|encryption| encryption.strict),
        },
        "debug": {"enabled": config.debug, "verbose": config.verbose.map(|_| "datapath")},
        "registry": {"directory": config.registry_directory},
    })
}
