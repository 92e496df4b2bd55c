//! A device in user space: a TUN on one side, a UDP socket on the other, `wgtrace-tunnel` between.
//!
//! Three threads: one receives, opens and writes, and also reads, seals and sends, unless that is too much
//! for one and a second has taken it over; one keeps time. The first two share the data path, and visit the
//! state machine once a batch. Packets of a peer stay in order: one thread takes them each way.

mod core;
mod ecn;
mod hold;
mod inward;
mod losses;
pub mod offload;
mod outward;
mod reflected;
pub mod tun;
pub mod udp;
mod wake;
mod workers;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use thiserror::Error;
use wgtrace_decrypt::key::{PrivateKey, PublicKey};
use wgtrace_decrypt::keylog::KeyLog;
use wgtrace_tunnel::time::INITIATION_INTERVAL;
use wgtrace_tunnel::{ConfigError, DataPath, Device, DeviceSettings, PeerId, PeerSettings};

use self::core::Core;
use super::device::{DeviceSecrets, DeviceStatus, PeerChange, WireGuard, WireGuardError};
use super::listening::Listening;
use super::name::DeviceName;
use crate::privileges;
use tun::{Tun, TunError};
use udp::{Udp, UdpError};

pub use losses::{Loss, Losses};

/// How a device begins.
pub struct UserSettings {
    /// Its interface.
    pub name: DeviceName,
    /// Whether the interface outlives the program.
    pub persist: bool,
    /// The interface itself, where it was [adopted](Tun::adopt).
    pub tun: Option<Tun>,
    /// The interface's MTU in bytes, which bounds padding.
    pub mtu: usize,
    /// Its long-lived key.
    pub private_key: PrivateKey,
    /// The UDP port to receive on, 0 for any free one.
    pub listen_port: u16,
    /// The firewall mark of what it sends, 0 for none.
    pub fwmark: u32,
    /// Who is shown keys.
    pub key_log: Arc<dyn KeyLog + Send + Sync>,
}

/// A running device; it ends when this is dropped, and its interface stays if it is to persist.
pub struct UserDevice {
    core: Arc<Core>,
    name: DeviceName,
    fwmark: AtomicU32,
    secrets: Mutex<DeviceSecrets>,
    key_log: Arc<dyn KeyLog + Send + Sync>,
    threads: Vec<JoinHandle<()>>,
}

impl UserDevice {
    /// Opens the interface and the socket, and begins to work.
    pub fn start(settings: UserSettings) -> Result<Self, StartError> {
        let UserSettings { name, persist, tun, mtu, private_key, listen_port, fwmark, key_log } = settings;
        let secrets = DeviceSecrets { private_key: private_key.clone(), preshared_keys: BTreeMap::new() };
        let mut protocol = DeviceSettings::new(private_key);
        (protocol.mtu, protocol.key_log) = (mtu, Arc::clone(&key_log));
        let device = Device::new(self::core::now().monotonic, protocol)?;
        let udp = Udp::bind(listen_port, fwmark)?;
        let tun = match tun {
            Some(tun) => tun,
            None => Tun::open(&name, persist)?,
        };
        if tun.is_adopted() {
            // Whoever had it may have spoken just now, and peers answer nobody twice in so short a time.
            std::thread::sleep(HAND_OVER);
        }
        let core = Arc::new(Core::new(device, tun, udp, mtu).map_err(StartError::of)?);
        let (fwmark, secrets) = (AtomicU32::new(fwmark), Mutex::new(secrets));
        let mut this = Self { core, name, fwmark, secrets, key_log, threads: Vec::new() };
        let (first, second) = workers::pair(&this.core);
        this.spawn("wg-first", |core| first.run(core))?;
        this.spawn("wg-second", |core| second.run(core))?;
        this.spawn("wg-time", |core| {
            core.keep_time();
            Ok(())
        })?;
        Ok(this)
    }

    /// The MTU that bounds padding; the interface's own is set elsewhere.
    pub fn set_mtu(&self, mtu: usize) {
        self.core.set_mtu(mtu);
    }

    /// The interface's descriptor: while somebody has it, what is sent there waits, whoever reads it then.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.core.tun.as_fd()
    }

    /// What its workers share: sessions and routes, without the device itself.
    pub fn data_path(&self) -> Arc<DataPath> {
        Arc::clone(&self.core.path)
    }

    /// Whether somebody removed the interface, which ends the device.
    pub fn is_gone(&self) -> bool {
        self.core.is_gone()
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce(&Core) -> io::Result<()> + Send + 'static,
    ) -> Result<(), StartError> {
        let core = Arc::clone(&self.core);
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = privileges::settle() {
                tracing::warn!(%error, "a thread of the device may do more than it needs");
            }
            if let Err(error) = work(&core) {
                tracing::error!(%error, "the device ends: waiting failed");
                core.end_as_gone();
            }
        });
        self.threads.push(thread.map_err(StartError::of)?);
        Ok(())
    }

    /// Before the state machine, always in this order.
    fn lock_secrets(&self) -> MutexGuard<'_, DeviceSecrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the state machine act on a peer that is named by its key.
    fn with_peer<T>(
        &self,
        key: &PublicKey,
        act: impl FnOnce(
            &mut Device,
            wgtrace_tunnel::Now,
            &mut dyn rand_core::CryptoRng,
            PeerId,
        ) -> Result<T, ConfigError>,
    ) -> Result<T, WireGuardError> {
        self.core.with_device(|device, now, rng| {
            let id = device.peer_id(key).ok_or(WireGuardError::NoPeer(*key))?;
            Ok(act(device, now, rng, id)?)
        })
    }
}

impl WireGuard for UserDevice {
    fn status(&self) -> DeviceStatus {
        let (public_key, peers, drops) = self.core.with_device(|device, now, _| {
            let peers = device.peers().filter_map(|id| device.status(now.monotonic, id).ok()).collect();
            (*device.public_key(), peers, device.drops())
        });
        let protocol = drops.iter().map(|(cause, count)| (cause.text(), count));
        let own = self.core.losses.counts().map(|(loss, count)| (loss.text(), count));
        DeviceStatus {
            name: self.name.clone(),
            public_key,
            listen_port: self.core.udp().port(),
            fwmark: self.fwmark.load(Ordering::Relaxed),
            peers,
            losses: protocol.chain(own).chain([("keys not written", self.key_log.lost())]).collect(),
        }
    }

    fn secrets(&self) -> DeviceSecrets {
        self.lock_secrets().clone()
    }

    fn set_private_key(&self, key: PrivateKey) -> Result<(), WireGuardError> {
        let mut secrets = self.lock_secrets();
        self.core.with_device(|device, now, rng| device.set_private_key(now, rng, key.clone()))?;
        secrets.private_key = key;
        Ok(())
    }

    fn set_listen_port(&self, port: u16) -> Result<u16, WireGuardError> {
        if port == 0 || port != self.core.udp().port() {
            self.core.set_udp(Udp::bind(port, self.fwmark.load(Ordering::Relaxed))?);
        }
        Ok(self.core.udp().port())
    }

    fn set_fwmark(&self, mark: u32) -> Result<(), WireGuardError> {
        self.core.udp().set_mark(mark)?;
        self.fwmark.store(mark, Ordering::Relaxed);
        Ok(())
    }

    fn add_peer(&self, settings: PeerSettings) -> Result<(), WireGuardError> {
        let (key, psk) = (settings.public_key, settings.preshared_key.clone());
        let mut secrets = self.lock_secrets();
        self.core.with_device(|device, now, _| device.add_peer(now, settings).map(|_| ()))?;
        secrets.preshared_keys.insert(key, psk);
        Ok(())
    }

    fn update_peer(&self, key: &PublicKey, change: PeerChange) -> Result<(), WireGuardError> {
        let mut secrets = self.lock_secrets();
        self.with_peer(key, |device, now, _, id| {
            if let Some(psk) = change.preshared_key {
                device.set_preshared_key(id, psk.clone())?;
                secrets.preshared_keys.insert(*key, psk);
            }
            if let Some(endpoint) = change.endpoint {
                device.set_endpoint(id, endpoint)?;
            }
            if let Some(allowed_ips) = change.allowed_ips {
                device.replace_allowed_ips(id, &allowed_ips)?;
            }
            // Last: its first keepalive goes out at once, to the new endpoint.
            match change.persistent_keepalive {
                Some(interval) => device.set_persistent_keepalive(now, id, interval),
                None => Ok(()),
            }
        })
    }

    fn remove_peer(&self, key: &PublicKey) -> Result<(), WireGuardError> {
        let mut secrets = self.lock_secrets();
        self.with_peer(key, |device, now, rng, id| device.remove_peer(now, rng, id))?;
        secrets.preshared_keys.remove(key);
        Ok(())
    }

    fn initiate(&self) {
        self.core.hold.ask();
        self.core.with_device(|device, now, rng| {
            for id in device.peers().collect::<Vec<_>>() {
                // Listed just now: it is there.
                let _ = device.initiate(now, rng, id);
            }
        });
    }

    fn subscribe(&self) -> Listening {
        self.core.subscribe()
    }
}

impl Drop for UserDevice {
    fn drop(&mut self) {
        self.core.end();
        for thread in self.threads.drain(..) {
            // Panics have been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

/// Why a device did not begin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// No interface.
    #[error(transparent)]
    Tun(#[from] TunError),
    /// No socket.
    #[error(transparent)]
    Udp(#[from] UdpError),
    /// The protocol refuses the settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No thread, or no descriptor.
    #[error("starting the device: {0}")]
    System(io::ErrorKind),
}

/// What marks our own encrypted packets to the programs on the node; 0xe00 would lead them into the tunnel again.
pub const FWMARK: u32 = 0x600;

/// Peers take another initiation after a while, and with a later timestamp, which is coarser.
const HAND_OVER: Duration = INITIATION_INTERVAL.saturating_mul(2);

impl StartError {
    #[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
    fn of(error: io::Error) -> Self {
        Self::System(error.kind())
    }
}
