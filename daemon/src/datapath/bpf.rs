//! The forwarding programs of one network namespace, and the maps that they decide by.
//!
//! Everything is pinned below a folder of a BPF file system: it forwards while no daemon runs, and the next one adopts
//! it. Maps are taken over as they are; a program that is attached is exchanged for the new one in one step, in which
//! no packet meets neither. Before Linux 6.6 there are no links to pin: filters stay by themselves, and are
//! exchanged by their handle.
//!
//! ```no_run
//! use wgtrace_abi::{Hook, forward::{Place, PlaceKind, Settings}};
//! use wgtraced::datapath::bpf::{Forwarding, LocalPod};
//! use wgtraced::probe::Interface;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut forwarding = Forwarding::open("/sys/fs/bpf/wgtrace".as_ref(), wgtraced::netns::Netns::current()?)?;
//! forwarding.set_settings(&Settings { flags: Settings::READY | Settings::ENCRYPTION, ..Settings::default() })?;
//! forwarding.set_prefix("10.0.0.0/8".parse()?, &Place::new(PlaceKind::Pool, Default::default()))?;
//! let pod = LocalPod { ifindex: 15, ipv4: Some([10, 0, 1, 203].into()), ipv6: None, mac: [0; 6], host_mac: [0; 6] };
//! forwarding.add_pod(&pod)?;
//! forwarding.attach(&Interface { name: "lxc2d3008e4e496".into(), index: 15 }, Hook::FromContainer)?;
//! # Ok(())
//! # }
//! ```

mod attach;
mod elements;
mod metrics;
mod pins;
mod pods;
mod tables;

use std::path::Path;
use std::sync::Arc;

use wgtrace_abi::Hook;
use wgtrace_abi::forward::{Place, Settings};
use wgtrace_tunnel::Prefix;

pub use self::attach::{Attachment, Program};
pub use self::metrics::{Counted, Metrics};
use self::pins::Pins;
pub use self::pods::LocalPod;
use crate::netns::Netns;
use crate::probe::attach::Mechanism;
use crate::probe::instance::Instance;
use crate::probe::{Interface, ProbeError};

/// The forwarding programs of one network namespace, and their maps. Dropping it ends nothing.
#[derive(Debug)]
pub struct Forwarding {
    instance: Instance,
    metrics: Arc<Metrics>,
    pins: Pins,
    netns: Netns,
    /// Known from the first attachment on.
    mechanism: Option<Mechanism>,
}

impl Forwarding {
    /// Loads the programs for `netns`, with the maps that are pinned below `folder`, or new ones.
    ///
    /// # Errors
    /// When `folder` is not on a BPF file system, or what is pinned there is not ours.
    pub fn open(folder: &Path, netns: Netns) -> Result<Self, ProbeError> {
        let pins = Pins::open(folder)?;
        let instance = Instance::load_pinned(netns.inode(), &pins.maps())?;
        tables::check(instance.object())?;
        let metrics = Arc::new(Metrics::of(instance.object())?);
        Ok(Self { instance, metrics, pins, netns, mechanism: None })
    }

    /// The loaded instance: its rings, gates and counters.
    pub fn instance(&mut self) -> &mut Instance {
        &mut self.instance
    }

    /// What is true of the node; `None` until it was set.
    pub fn settings(&self) -> Result<Option<Settings>, ProbeError> {
        let settings = tables::settings(self.instance.object())?;
        Ok(settings.has(Settings::READY).then_some(settings))
    }

    /// Sets what is true of the node. With [`Settings::READY`], what is not dropped is forwarded from now on.
    pub fn set_settings(&mut self, settings: &Settings) -> Result<(), ProbeError> {
        tables::set_settings(self.instance.object_mut(), settings)
    }

    /// Makes a pod known by its device and its addresses, or changes what is known.
    pub fn add_pod(&mut self, pod: &LocalPod) -> Result<(), ProbeError> {
        pods::add(self.instance.object_mut(), pod)
    }

    /// Forgets the pod behind a device; whether there was one. Addresses that are another's by now stay.
    pub fn remove_pod(&mut self, ifindex: u32) -> Result<bool, ProbeError> {
        pods::remove(self.instance.object_mut(), ifindex)
    }

    /// Every pod that is known, by its device.
    pub fn pods(&self) -> Result<Vec<LocalPod>, ProbeError> {
        pods::all(self.instance.object())
    }

    /// Says what a range of addresses is.
    pub fn set_prefix(&mut self, prefix: Prefix, place: &Place) -> Result<(), ProbeError> {
        tables::set_prefix(self.instance.object_mut(), prefix, place)
    }

    /// Says no more what a range of addresses is; whether it was said.
    pub fn remove_prefix(&mut self, prefix: Prefix) -> Result<bool, ProbeError> {
        tables::remove_prefix(self.instance.object_mut(), prefix)
    }

    /// Every range that is known.
    pub fn prefixes(&self) -> Result<Vec<(Prefix, Place)>, ProbeError> {
        tables::prefixes(self.instance.object())
    }

    /// What the programs counted; to be read without this, too.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Attaches the hook's program to `interface`, or exchanges the one that is there. The thread must be in the
    /// namespace.
    pub fn attach(&mut self, interface: &Interface, hook: Hook) -> Result<Mechanism, ProbeError> {
        self.check_place()?;
        let program = self.instance.forwarder(hook)?;
        let used = attach::attach(&self.pins, program, interface, hook, self.mechanism)?;
        self.mechanism = Some(used);
        Ok(used)
    }

    /// Detaches everything from an interface, which may be gone; how many programs that were. The thread must be in the
    /// namespace.
    pub fn detach(&mut self, interface: &Interface) -> Result<usize, ProbeError> {
        self.check_place()?;
        attach::detach(&self.pins, interface)
    }

    /// What is attached, by interface and hook. The thread must be in the namespace.
    pub fn attached(&mut self) -> Result<Vec<Attachment>, ProbeError> {
        self.check_place()?;
        attach::attached(&self.pins, &mut self.instance)
    }

    /// Forgets attachments whose interfaces are gone; how many.
    pub fn prune(&mut self) -> Result<usize, ProbeError> {
        let gone: Vec<_> =
            self.attached()?.into_iter().filter(|attachment| attachment.program == Program::Gone).collect();
        gone.iter().try_for_each(|attachment| self.pins.remove(attachment.ifindex, attachment.hook))?;
        Ok(gone.len())
    }

    /// Attaches the next ones this way; unless told, TCX is tried first.
    pub fn use_mechanism(&mut self, mechanism: Mechanism) {
        self.mechanism = Some(mechanism);
    }

    /// Detaches everything and removes what is pinned: pods are cut off. The thread must be in the namespace.
    pub fn remove(mut self) -> Result<(), ProbeError> {
        for Attachment { ifindex, name, .. } in self.attached()? {
            let name = name.unwrap_or_default();
            attach::detach(&self.pins, &Interface { name, index: ifindex })?;
        }
        self.pins.clear()
    }

    fn check_place(&self) -> Result<(), ProbeError> {
        let found = Netns::current()?.inode();
        let expected = self.netns.inode();
        if found == expected { Ok(()) } else { Err(ProbeError::WrongNamespace { expected, found }) }
    }
}
