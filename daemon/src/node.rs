//! The node that `wgtraced run` runs: everything of this crate, joined.
//!
//! ```text
//! Config, Roster -> peers  -> the WireGuard device
//!                -> Intent -> links, addresses, routes, rules, sysctls
//!                -> places, settings -> maps of the forwarding programs
//!                -> nat::Intent -> nf_tables
//! Endpoints      -> cables, programs on them, their addresses in the maps
//! ```
//!
//! [`Node::reconcile`] goes through all of it and changes what is not as it is to be; it runs at the start, when the other
//! nodes or the interfaces change, and now and then. What fails is a fault that [`Node::faults`] tells, and costs nothing
//! else. The order is what keeps packets from leaving in clear: a device before the routes to it, guards before
//! settings, settings before pods.

mod command;
pub mod endpoints;
mod former;
mod hooks;
pub mod identity;
mod losses;
mod native;
pub mod peers;
pub mod places;
mod start;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;
use tokio::sync::Notify;
use wgtrace_abi::Address;
use wgtrace_abi::forward::Settings;
use wgtrace_decrypt::key::PublicKey;

pub use self::command::{CleanupArgs, RunArgs, cleanup, run};
use self::endpoints::Endpoints;
use self::former::FormerNodes;
pub use self::start::StartError;
use self::tunnel::Tunnel;
use crate::config::Config;
use crate::datapath::bpf::Forwarding;
use crate::datapath::desired::{HOST, TUNNEL};
use crate::datapath::intent::PodDevice;
use crate::datapath::nat::{self, Nat};
use crate::datapath::{Change, Desired, Intent, Kernel, KernelError, SettleError, settle};
use crate::handover::Handover;
use crate::probe::ProbeError;
use crate::registry::Roster;
use crate::wireguard::DeviceName;
use crate::wireguard::user::{StartError as DeviceError, UserDevice};

/// A node in its network namespace.
pub struct Node {
    config: Config,
    /// Nanoseconds since 1970.
    started: i64,
    roster: Roster,
    kernel: Kernel,
    forwarding: Forwarding,
    nat: Nat,
    /// Unless encryption is off.
    tunnel: Option<Tunnel>,
    /// What outlives the daemon.
    handover: Handover,
    endpoints: Endpoints,
    former: FormerNodes,
    /// Of the device that leads to the other nodes, in bytes.
    device_mtu: u32,
    registry_fault: Option<String>,
    faults: Vec<String>,
    /// Packets that had left in clear when that was last told.
    leaks: u64,
    changed: Arc<Notify>,
}

impl Node {
    /// Told whenever pods, nodes, peers or interfaces may be others than before.
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// What the node is to be.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// When it began, in nanoseconds since 1970.
    pub fn started(&self) -> i64 {
        self.started
    }

    /// The nodes of the cluster.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Everything that is wrong, a sentence each; empty when nothing is.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// The WireGuard device, if there is one.
    pub fn device(&self) -> Option<&UserDevice> {
        self.tunnel.as_ref().and_then(Tunnel::device)
    }

    /// The node's public key, unless encryption is off.
    pub fn public_key(&self) -> Option<PublicKey> {
        self.roster.own().public_key
    }

    /// Pods, and the addresses they hold.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The network's side of the kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The programs' side of it.
    pub fn forwarding(&mut self) -> &mut Forwarding {
        &mut self.forwarding
    }

    /// MTU of traffic to other nodes, in bytes.
    pub fn route_mtu(&self) -> u32 {
        self.intent(Vec::new()).tunnel_mtu()
    }

    /// MTU of pods' interfaces, in bytes.
    pub fn device_mtu(&self) -> u32 {
        self.config.device_mtu.unwrap_or(self.device_mtu)
    }

    /// Tells the service manager that the node is up.
    pub fn ready(&self) {
        self.handover.ready();
    }

    /// Takes in who the other nodes are, and puts everything right.
    pub async fn set_roster(&mut self, roster: Roster) {
        self.roster = roster;
        self.reconcile().await;
    }

    /// Takes in why nothing is heard of other nodes, or that nothing stands in the way, and puts everything right.
    pub async fn set_registry_fault(&mut self, fault: Option<String>) {
        self.registry_fault = fault;
        self.reconcile().await;
    }

    /// Puts everything right that is not as it is to be.
    pub async fn reconcile(&mut self) {
        let mut faults = Vec::new();
        self.mend_tunnel(&mut faults).await;
        match self.settle().await {
            Ok(findings) => faults.extend(findings),
            Err(error) => faults.push(error.to_string()),
        }
        if let Err(error) = self.furnish().await {
            faults.push(error.to_string());
        }
        if let Some(tunnel) = &mut self.tunnel {
            faults.extend(tunnel.set_peers(&self.roster).iter().map(ToString::to_string));
        }
        if let Err(error) = self.translate() {
            faults.push(error.to_string());
        }
        faults.extend(self.registry_fault.clone());
        let refused = self.roster.refused().iter();
        faults.extend(refused.map(|(entry, refusal)| format!("registry entry {entry} refused: {refusal}")));
        for fault in faults.iter().filter(|fault| !self.faults.contains(fault)) {
            tracing::warn!("{fault}");
        }
        self.faults = faults;
        self.changed.notify_one();
    }

    async fn mend_tunnel(&mut self, faults: &mut Vec<String>) {
        let Some(tunnel) = &mut self.tunnel else { return };
        match tunnel.mend(&self.handover).await {
            Ok(true) => tracing::warn!("somebody removed {TUNNEL}: it was made again"),
            Ok(false) => {}
            Err(error) => faults.push(error.to_string()),
        }
    }

    fn intent(&self, pods: Vec<PodDevice>) -> Intent {
        self.config.intent(self.device_mtu, self.roster.remotes(), pods)
    }

    /// Links, addresses, routes, rules, sysctls; what is left for somebody else to do.
    async fn settle(&mut self) -> Result<Vec<String>, Fault> {
        let links = self.kernel.links().await?;
        if let Some(device) = links.get(&self.config.device) {
            self.device_mtu = device.mtu;
        }
        let tunnel = DeviceName::known(TUNNEL);
        if self.tunnel.is_none() && links.contains_key(&tunnel) {
            // Encryption was on before: nothing leads to it any more.
            self.kernel.apply(&Change::DeleteLink(tunnel)).await?;
        }
        let pods = self.endpoints.devices();
        let settled = settle(&self.kernel, &Desired::of(&self.intent(pods))).await?;
        for change in &settled.applied {
            tracing::info!(%change, "network put right");
        }
        Ok(settled.findings.iter().map(ToString::to_string).collect())
    }

    /// The forwarding programs and what they decide by.
    async fn furnish(&mut self) -> Result<(), Fault> {
        let links = self.kernel.links().await?;
        // before programs look at packets of it
        for link in links.values() {
            self.forwarding.instance().set_l3(link.index, link.l3)?;
        }
        let places = places::places(&self.config, &self.roster);
        let have: BTreeMap<_, _> = self.forwarding.prefixes()?.into_iter().collect();
        // What is new before what is gone: no address is the world's in between.
        for (prefix, place) in places.iter().filter(|(prefix, place)| have.get(prefix) != Some(place)) {
            self.forwarding.set_prefix(*prefix, place)?;
        }
        for prefix in self.former.outlived(Instant::now(), &have, &places) {
            self.forwarding.remove_prefix(prefix)?;
        }
        let index = |name: &DeviceName| links.get(name).map_or(0, |link| link.index);
        let encryption = self.config.encryption;
        let flag = |is_set: bool, flag: u16| if is_set { flag } else { 0 };
        let settings = Settings {
            node: Address::from(self.config.node_ip),
            router: Address::from(self.config.router_ip),
            host_ifindex: index(&DeviceName::known(HOST)),
            wireguard_ifindex: index(&DeviceName::known(TUNNEL)),
            native_ifindex: index(&self.config.device),
            wireguard_port: encryption.map_or(0, |encryption| encryption.listen_port),
            flags: Settings::READY
                | flag(encryption.is_some(), Settings::ENCRYPTION)
                | flag(encryption.is_some_and(|encryption| encryption.strict), Settings::STRICT),
        };
        if self.forwarding.settings()? != Some(settings) {
            self.forwarding.set_settings(&settings)?;
        }
        // Last: a guard that knows no settings lets everything pass, and what came out of the tunnel would go on in clear.
        let mut wanted = hooks::of_node(&links, &self.config.device);
        let pods = self.endpoints.devices.iter();
        let pods = pods.filter(|(name, index)| links.get(*name).is_some_and(|link| link.index == **index));
        wanted.extend(pods.map(|(name, index)| (hooks::interface(name, *index), hooks::POD)));
        hooks::attach_missing(&mut self.forwarding, &wanted)?;
        self.readmit_pods()?;
        self.forwarding.prune()?;
        self.watch_native(&links)
    }

    /// Translation of addresses.
    fn translate(&mut self) -> Result<(), Fault> {
        match self.nat.apply(&self.config.nat(&self.roster).table()?)? {
            nat::Applied::Unchanged => {}
            nat::Applied::Created => tracing::info!("table {} made", nat::TABLE),
            nat::Applied::Replaced(differences) => {
                tracing::info!(?differences, "table {} put right", nat::TABLE);
            }
        }
        Ok(())
    }
}

/// Why something of the node is not as it is to be.
#[derive(Debug, Error)]
enum Fault {
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Programs(#[from] ProbeError),
    #[error(transparent)]
    Nat(#[from] nat::IntentError),
    #[error(transparent)]
    Netfilter(#[from] nat::NetfilterError),
}
