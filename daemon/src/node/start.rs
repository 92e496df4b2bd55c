//! The node's beginning: everything is opened before anything is changed.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::FlockOperation;
use thiserror::Error;
use wgtrace_cni::{PrivateDirectory, Queue};
use wgtrace_decrypt::keylog::KeyLog;

use super::endpoints::EndpointError;
use super::identity::{IdentityError, identity, is_fleeting};
use super::tunnel::{self, Tunnel};
use super::{DeviceError, Endpoints, FormerNodes, Node};
use crate::config::Config;
use crate::datapath::bpf::Forwarding;
use crate::datapath::desired::TUNNEL;
use crate::datapath::nat::{Nat, NetfilterError};
use crate::datapath::{Kernel, KernelError};
use crate::endpoints::{EndpointKey, Pool, PoolError, Store, StoreError};
use crate::handover::Handover;
use crate::netns::{Netns, NetnsError};
use crate::probe::ProbeError;
use crate::registry::{Directory, Registry as _, RegistryError};
use crate::wireguard::DeviceName;

/// The right to be this node's daemon, held while this is.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes it.
    ///
    /// # Errors
    /// When another daemon has it, or the directory cannot be had.
    pub(super) fn take(run_directory: &Path) -> Result<Self, StartError> {
        let failed = |error: io::Error| StartError::Directory {
            path: run_directory.into(),
            reason: error.to_string(),
        };
        DirBuilder::new().recursive(true).mode(0o755).create(run_directory).map_err(failed)?;
        let path = run_directory.join("wgtraced.lock");
        let mut options = OpenOptions::new();
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        options.write(true).create(true).truncate(false).mode(0o600).custom_flags(flags);
        let lock = options.open(&path).map_err(failed)?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StartError::Runs(path)),
            Err(error) => Err(failed(error.into())),
        }
    }
}

impl Node {
    /// Opens all that the node needs, takes up what an earlier daemon left, and puts everything right.
    ///
    /// # Errors
    /// When something cannot be had without which packets would not be looked at; what was there before goes on.
    pub async fn start(
        config: Config,
        key_log: Arc<dyn KeyLog + Send + Sync>,
        mut handover: Handover,
    ) -> Result<(Self, Directory), StartError> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let netns = Netns::current()?;
        let kernel = Kernel::open(Netns::current()?)?;
        let links = kernel.links().await?;
        let device =
            links.get(&config.device).ok_or_else(|| StartError::NoDevice(config.device.to_string()))?;
        let device_mtu = device.mtu;
        let state = PrivateDirectory::create(&config.state_directory).map_err(|error| {
            StartError::Directory { path: config.state_directory.clone(), reason: error.to_string() }
        })?;
        if is_fleeting(state.path()) {
            let path = state.path().display();
            tracing::warn!(
                "{path} is gone after the next boot, and with it the node's key: name a disk's directory"
            );
        }
        let private_key = identity(&state)?;
        let (store, refused) = Store::open(&state.path().join("endpoints"))?;
        for error in refused {
            tracing::warn!(%error, "an endpoint's record is passed over");
        }
        let pool = pool(&config)?;
        let public_key = config.encryption.map(|_| private_key.public());
        let registry =
            Directory::open(&config.registry_directory, config.policy(), config.entry(public_key))?;
        let mtu = config.intent(device_mtu, Vec::new(), Vec::new()).tunnel_mtu();
        let mut begin = |encryption| {
            let private_key = private_key.clone();
            let key_log = Arc::clone(&key_log);
            Tunnel::start(tunnel::Settings { private_key, encryption, mtu, key_log }, &mut handover)
        };
        let mut tunnel = None;
        if links.contains_key(&DeviceName::known(TUNNEL)) {
            // Others wait for it, and the programs of the daemon before go on until there are new ones, which takes time.
            tunnel = config.encryption.map(&mut begin).transpose()?;
            if let Some(tunnel) = &mut tunnel {
                tunnel.set_peers(registry.roster());
            }
        }
        let forwarding = Forwarding::open(Path::new(BPF_DIRECTORY), netns)?;
        let mut nat = Nat::open()?;
        for drop in nat.forward_drops()? {
            tracing::warn!("{drop}; unless it accepts pods' packets: {}", drop.remedy().join("; "));
        }
        if tunnel.is_none() {
            tunnel = match config.encryption.map(&mut begin).transpose() {
                Ok(tunnel) => tunnel,
                Err(error) => {
                    if forwarding.settings()?.is_none() {
                        // They never forwarded anything.
                        forwarding.remove()?;
                    }
                    return Err(error.into());
                }
            };
        }
        handover.forget_rest();
        let roster = registry.roster().clone();
        let endpoints = Endpoints { pool, store, devices: BTreeMap::new() };
        let started = i64::try_from(started).unwrap_or(i64::MAX);
        let (faults, leaks) = (Vec::new(), forwarding.metrics().read()?.leaks.packets);
        let mut node = Self {
            config,
            started,
            roster,
            kernel,
            forwarding,
            nat,
            tunnel,
            handover,
            endpoints,
            former: FormerNodes::default(),
            device_mtu,
            registry_fault: None,
            faults,
            leaks,
            changed: Arc::default(),
        };
        node.reconcile().await;
        node.restore_endpoints().await?;
        node.catch_up().await;
        Ok((node, registry))
    }

    /// Does the deletions that were left while no daemon ran, or none that answered. One that fails stays for the next time.
    pub(super) async fn catch_up(&mut self) {
        let queue = Queue::new(self.config.state_directory.join("deletions"));
        let (waiting, strangers) = match queue.waiting() {
            Ok(waiting) => waiting,
            Err(error) => return tracing::warn!(%error, "deletions that wait cannot be read"),
        };
        for path in strangers {
            tracing::warn!(path = %path.display(), "no deletion: it is left where it is");
        }
        for deletion in waiting {
            let deleted = match EndpointKey::new(&deletion.container_id, &deletion.interface) {
                Ok(key) => self.delete_endpoint(&key).await.map(|_| ()),
                Err(error) => Err(EndpointError::from(error)),
            };
            let done = deleted.map_err(|error| error.to_string());
            let done = done.and_then(|()| queue.done(&deletion).map_err(|error| error.to_string()));
            if let Err(error) = done {
                tracing::warn!(container = deletion.container_id, error, "a deletion that waits");
            }
        }
    }
}

fn pool(config: &Config) -> Result<Pool, StartError> {
    match (config.pod_cidr.addr(), config.router_ip) {
        (IpAddr::V4(network), IpAddr::V4(router)) => Ok(Pool::new(network, config.pod_cidr.len(), router)?),
        _ => Err(StartError::Family),
    }
}

/// Why a node did not begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another daemon.
    #[error("another wgtraced runs this node: it holds {}", .0.display())]
    Runs(PathBuf),
    /// A directory that cannot be used.
    #[error("{}: {reason}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The device that leads to the other nodes.
    #[error("there is no interface {0}: name the one that leads to the other nodes as `device`")]
    NoDevice(String),
    /// IPv6.
    #[error("pod-cidr and router-ip are of IPv4")]
    Family,
    /// No namespace.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// No netlink.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No place for endpoints.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No addresses.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// No registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No programs.
    #[error(transparent)]
    Programs(#[from] ProbeError),
    /// No translation.
    #[error(transparent)]
    Nat(#[from] NetfilterError),
    /// No device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Pods that are left.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// Where programs and maps are pinned.
pub(super) const BPF_DIRECTORY: &str = "/sys/fs/bpf/wgtrace";
