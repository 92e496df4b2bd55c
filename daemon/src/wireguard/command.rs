//! `wgtraced wg-user`: one device alone, as a wg(8) configuration describes it.

mod keys;
mod link;

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_tunnel::PeerSettings;

pub use self::keys::{KeyArgs, KeyLevel};
use super::config::{self, Config, Endpoint};
use super::user::{FWMARK, UserDevice, UserSettings};
use super::{DeviceName, DeviceStatus, WireGuard, uapi};

/// What `wgtraced wg-user` takes.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The interface gets the Address and MTU of the file and is brought up; routes beyond those of \
    its addresses are left to you. `wg show NAME` shows the device.\n\n\
    Example: wgtraced wg-user --config /etc/wireguard/wg0.conf\n\n\
    Exit status: 0 ended by a signal; 1 the device could not be made, or somebody removed the interface."
)]
pub struct WgUserArgs {
    /// Configuration in the format of wg(8), with Address and MTU of wg-quick(8).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Name of the interface [default: the file's name without its extension].
    #[arg(long, value_name = "NAME")]
    pub name: Option<DeviceName>,

    /// Leave the interface, its addresses and routes in place at the end; the next start takes it over.
    #[arg(long)]
    pub persist: bool,

    /// Export of keys.
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Runs the command.
///
/// # Errors
/// When the configuration is wrong, or the interface or the socket cannot be had.
pub fn run(args: &WgUserArgs) -> Result<ExitCode> {
    let config = config::load(&args.config)?;
    let name = name(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(args, name, config))
}

async fn serve(args: &WgUserArgs, name: DeviceName, config: Config) -> Result<ExitCode> {
    let mtu = config.interface.mtu.unwrap_or(MTU);
    let device = Arc::new(UserDevice::start(UserSettings {
        name: name.clone(),
        persist: args.persist,
        tun: None,
        mtu: mtu.into(),
        private_key: config.interface.private_key.clone().with_context(|| {
            format!("{} has no PrivateKey: generate one with `wg genkey`", args.config.display())
        })?,
        listen_port: config.interface.listen_port.unwrap_or(0),
        fwmark: config.interface.fwmark.unwrap_or(FWMARK),
        key_log: args.keys.open()?,
    })?);
    for peer in config.peers {
        device.add_peer(PeerSettings {
            public_key: peer.public_key,
            preshared_key: peer.preshared_key.unwrap_or(PresharedKey::NONE),
            endpoint: peer.endpoint.map(resolve).transpose()?,
            persistent_keepalive: peer.persistent_keepalive,
            allowed_ips: peer.allowed_ips,
        })?;
    }
    link::configure(&name, mtu, &config.interface.addresses)
        .await
        .with_context(|| format!("setting up interface {name}"))?;
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let shown = uapi::Socket::bind(&name).context("making the socket that `wg show` asks")?;
    // The other ends may have forgotten this one, or not know that it has forgotten them.
    device.initiate();
    tracing::info!(%name, port = device.status().listen_port, "device up");
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        () = gone(&device) => bail!("somebody removed interface {name}"),
        error = shown.serve(&*device) => return Err(error).context("answering `wg show`"),
    }
    account(&device.status());
    Ok(ExitCode::SUCCESS)
}

/// Says what was lost, by cause.
fn account(status: &DeviceStatus) {
    for (cause, count) in status.losses.iter().filter(|(_, count)| *count > 0) {
        tracing::info!(count, "lost: {cause}");
    }
    for peer in &status.peers {
        for (cause, count) in peer.drops.iter().filter(|(_, count)| *count > 0) {
            tracing::info!(peer = %peer.public_key, count, "dropped: {}", cause.text());
        }
    }
}

/// The interface's name: as asked for, or that of the file.
fn name(args: &WgUserArgs) -> Result<DeviceName> {
    if let Some(name) = &args.name {
        return Ok(name.clone());
    }
    let stem = args.config.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.parse().with_context(|| format!("`{stem}` cannot name an interface: give one with --name"))
}

fn resolve(endpoint: Endpoint) -> Result<SocketAddr> {
    match endpoint {
        Endpoint::Addr(addr) => Ok(addr),
        Endpoint::Name { host, port } => {
            (host.as_str(), port).to_socket_addrs().ok().and_then(|mut addrs| addrs.next()).with_context(
                || format!("endpoint {host} has no address: check the name, or give an address"),
            )
        }
    }
}

/// Returns when the interface has been removed.
async fn gone(device: &UserDevice) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    while !device.is_gone() {
        ticks.tick().await;
    }
}

/// Of a tunnel through Ethernet, over IPv6 too.
const MTU: u16 = 1420;
