//! The node's WireGuard device and its peers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinHandle;
use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_decrypt::keylog::KeyLog;

use super::peers::{self, Peer};
use crate::config::Encryption;
use crate::datapath::desired::TUNNEL;
use crate::handover::Handover;
use crate::registry::Roster;
use crate::wireguard::user::tun::{Tun, TunError};
use crate::wireguard::user::{FWMARK, StartError, UserDevice, UserSettings};
use crate::wireguard::{DeviceName, WireGuard, WireGuardError, uapi};

/// The device, while there is one, and the peers it was given.
pub(super) struct Tunnel {
    settings: Settings,
    /// `None` while it could not be made again.
    device: Option<Arc<UserDevice>>,
    peers: BTreeMap<PublicKey, Peer>,
    shown: Option<JoinHandle<()>>,
}

/// What a device is made from, also when it has to be made again.
pub(super) struct Settings {
    pub(super) private_key: PrivateKey,
    pub(super) encryption: Encryption,
    pub(super) mtu: u32,
    pub(super) key_log: Arc<dyn KeyLog + Send + Sync>,
}

impl Tunnel {
    /// Makes the device, or takes over the one that an earlier daemon left, with what waits in it if it can be had.
    pub(super) fn start(settings: Settings, handover: &mut Handover) -> Result<Self, StartError> {
        let device = make(&settings, adopt(handover))?;
        handover.keep(TUNNEL, device.descriptor());
        let shown = show(&device);
        Ok(Self { settings, device: Some(device), peers: BTreeMap::new(), shown })
    }

    /// The device.
    pub(super) fn device(&self) -> Option<&UserDevice> {
        self.device.as_deref()
    }

    /// Makes another device in the place of one that somebody removed; whether it was so.
    pub(super) async fn mend(&mut self, handover: &Handover) -> Result<bool, StartError> {
        if self.device.as_ref().is_some_and(|device| !device.is_gone()) {
            return Ok(false);
        }
        // Whoever shows it has it, and it has the port.
        if let Some(shown) = self.shown.take() {
            shown.abort();
            let _ = shown.await;
        }
        self.device = None;
        self.peers = BTreeMap::new();
        let device = make(&self.settings, None)?;
        handover.keep(TUNNEL, device.descriptor());
        self.shown = show(&device);
        self.device = Some(device);
        Ok(true)
    }

    /// Gives the device the peers of the roster, and asks new ones for a session: they may have forgotten this node, or
    /// not know that it has forgotten them. What fails is told, and the rest is done.
    pub(super) fn set_peers(&mut self, roster: &Roster) -> Vec<WireGuardError> {
        let Some(device) = self.device.as_deref() else { return Vec::new() };
        let wanted = peers::peers(roster);
        let mut faults = Vec::new();
        let mut is_new = false;
        let mut have = self.peers.clone();
        for step in peers::steps(&self.peers, &wanted) {
            let (key, peer) = match &step {
                peers::Step::Remove(key) => (*key, None),
                peers::Step::Add(key, _)
                | peers::Step::AllowedIps(key, _)
                | peers::Step::Endpoint(key, _) => {
                    is_new |= !self.peers.contains_key(key);
                    (*key, wanted.get(key).cloned())
                }
            };
            tracing::info!(%key, ?step, "peer");
            match peers::apply(device, step) {
                Ok(()) => drop(match peer {
                    Some(peer) => have.insert(key, peer),
                    None => have.remove(&key),
                }),
                Err(error) => faults.push(error),
            }
        }
        self.peers = have;
        if is_new {
            device.initiate();
        }
        faults
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        if let Some(shown) = &self.shown {
            shown.abort();
        }
    }
}

/// The device by the descriptor that the service manager has of it.
fn adopt(handover: &mut Handover) -> Option<Tun> {
    let adopted = Tun::adopt(handover.take(TUNNEL)?, &DeviceName::known(TUNNEL), true);
    let refused = |error: &TunError| {
        tracing::warn!(%error, "what waits for the tunnel is lost");
        // It would keep the device busy if it were one.
        handover.forget(TUNNEL);
    };
    adopted.inspect_err(refused).ok()
}

fn make(settings: &Settings, tun: Option<Tun>) -> Result<Arc<UserDevice>, StartError> {
    let device = UserDevice::start(UserSettings {
        name: DeviceName::known(TUNNEL),
        persist: true,
        tun,
        mtu: usize::try_from(settings.mtu).unwrap_or(usize::MAX),
        private_key: settings.private_key.clone(),
        listen_port: settings.encryption.listen_port,
        fwmark: FWMARK,
        key_log: Arc::clone(&settings.key_log),
    })?;
    Ok(Arc::new(device))
}

/// Lets `wg show` see the device. That it cannot is no reason to let packets wait.
fn show(device: &Arc<UserDevice>) -> Option<JoinHandle<()>> {
    let socket = match uapi::Socket::bind(&DeviceName::known(TUNNEL)) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::warn!(%error, "`wg show` will not see {TUNNEL}");
            return None;
        }
    };
    let device = Arc::clone(device);
    Some(tokio::spawn(async move {
        let error = socket.serve(&*device).await;
        tracing::warn!(%error, "`wg show` does not see {TUNNEL} any more");
    }))
}
