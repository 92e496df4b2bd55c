//! Pods of the node: given an address and a cable, forgotten, checked.
//!
//! What was begun and failed is undone before the failure is told. One request is worked on at a time; whoever drops it
//! halfway leaves a cable behind, so requests run on tasks of their own.

mod error;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use wgtrace_abi::Hook;

pub use self::error::{Blame, EndpointError};
use super::{Node, hooks};
use crate::datapath::Kernel;
use crate::datapath::bpf::LocalPod;
use crate::datapath::intent::PodDevice;
use crate::datapath::observed::Link;
use crate::datapath::pod::{self, Plugged, PodCable, PodError};
use crate::endpoints::{Endpoint, EndpointKey, Pool, Store};
use crate::netns::Netns;
use crate::probe::ProbeError;
use crate::wireguard::DeviceName;
use crate::wireguard::user::udp::Udp;

/// The addresses of the node, and who holds them.
#[derive(Debug)]
pub struct Endpoints {
    pub(super) pool: Pool,
    pub(super) store: Store,
    /// Indices of the devices, by name.
    pub(super) devices: BTreeMap<DeviceName, u32>,
}

impl Endpoints {
    /// Which addresses there are, and how many are held.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Every pod.
    pub fn all(&self) -> impl Iterator<Item = &Endpoint> {
        self.store.endpoints()
    }

    /// The pods' devices, as the datapath knows them.
    pub(super) fn devices(&self) -> Vec<PodDevice> {
        let device =
            |(name, index): (&DeviceName, &u32)| PodDevice { name: name.clone(), index: Some(*index) };
        self.devices.iter().map(device).collect()
    }
}

/// Who gets an interface.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The container and the interface.
    pub key: EndpointKey,
    /// Path of its network namespace.
    pub netns: PathBuf,
    /// Asked for, or any.
    pub address: Option<Ipv4Addr>,
    /// Name of the pod, or empty.
    pub pod: String,
    /// Its namespace, or empty.
    pub namespace: String,
}

impl Node {
    /// Gives a pod an address and an interface; packets pass when this returns.
    ///
    /// # Errors
    /// When there is no address, or something is in the way; nothing of it stays.
    pub async fn add_endpoint(&mut self, addition: Addition) -> Result<Endpoint, EndpointError> {
        let Addition { key, netns: path, address, pod, namespace } = addition;
        if self.endpoints.store.get(&key).is_some() {
            return Err(EndpointError::Exists(key));
        }
        let netns = namespace_of(&path, self.kernel.netns())?;
        let address = self.endpoints.pool.allocate(&key, address)?;
        let cable = self.cable(&key, address)?;
        let plugged = match pod::plug(&self.kernel, netns, &cable).await {
            Ok(plugged) => plugged,
            Err(error) => {
                self.endpoints.pool.release(address);
                return Err(error.into());
            }
        };
        let endpoint = Endpoint {
            key,
            netns: path,
            address,
            host_device: plugged.device.to_string(),
            mac: plugged.pod_mac,
            host_mac: plugged.mac,
            pod,
            namespace,
        };
        match self.admit(&endpoint, &plugged).await {
            Ok(()) => {
                tracing::info!(endpoint = %endpoint.key, %address, device = %plugged.device, "endpoint added");
                Ok(endpoint)
            }
            Err(error) => {
                if let Err(left) = self.clear(&endpoint).await {
                    tracing::warn!(%left, "a pod that could not be added could not be removed either");
                }
                Err(error)
            }
        }
    }

    /// Takes back what [`add_endpoint`](Self::add_endpoint) gave; whether there was anything.
    ///
    /// # Errors
    /// When something of it is still there; it can be repeated.
    pub async fn delete_endpoint(&mut self, key: &EndpointKey) -> Result<bool, EndpointError> {
        let Some(endpoint) = self.endpoints.store.get(key).cloned() else {
            let device = pod::device_name(key.container_id());
            if self.endpoints.devices.contains_key(&device) {
                // Of another interface of the container.
                return Ok(false);
            }
            // An addition that was cut off before it was written down has left a device at most.
            return Ok(pod::unplug(&self.kernel, &device).await?);
        };
        self.clear(&endpoint).await?;
        tracing::info!(endpoint = %key, address = %endpoint.address, "endpoint deleted");
        Ok(true)
    }

    /// What was given to a pod, if all of it is still there.
    ///
    /// # Errors
    /// What is missing.
    pub async fn check_endpoint(
        &mut self,
        key: &EndpointKey,
        netns: &Path,
    ) -> Result<Endpoint, EndpointError> {
        let unknown = || EndpointError::Unknown(key.clone());
        let endpoint = self.endpoints.store.get(key).cloned().ok_or_else(unknown)?;
        let off = |what: String| EndpointError::Off { key: key.clone(), what };
        let device = endpoint.host_device.parse::<DeviceName>()?;
        let links = self.kernel.links().await?;
        let link = links.get(&device).ok_or_else(|| off(format!("its device {device} is gone")))?;
        if !link.up {
            return Err(off(format!("its device {device} is down")));
        }
        let attached = self.forwarding.attached()?;
        let is_at = |hook: &Hook| attached.iter().any(|at| at.ifindex == link.index && at.hook == *hook);
        if let Some(hook) = hooks::POD.into_iter().find(|hook| !is_at(hook)) {
            return Err(off(format!("there is no program {} on {device}", hook.name())));
        }
        let pod = Kernel::open(namespace_of(netns, self.kernel.netns())?)?;
        let difference = pod::check(&pod, &self.cable(key, endpoint.address)?).await?;
        let changes = difference.changes.iter().map(ToString::to_string);
        let what: Vec<_> = changes.chain(difference.findings.iter().map(ToString::to_string)).collect();
        if what.is_empty() { Ok(endpoint) } else { Err(off(format!("in the pod: {}", what.join("; ")))) }
    }

    /// Takes up the pods that an earlier daemon left, and forgets those that are gone.
    pub(super) async fn restore_endpoints(&mut self) -> Result<(), EndpointError> {
        let links = self.kernel.links().await?;
        for endpoint in self.endpoints.store.endpoints().cloned().collect::<Vec<_>>() {
            let restored = self.restore(&links, &endpoint).await;
            if let Err(error) = restored {
                tracing::warn!(endpoint = %endpoint.key, %error, "a pod of an earlier start is forgotten");
                self.clear(&endpoint).await?;
            }
        }
        for (name, link) in &links {
            // Made, and cut off before anything could pass: nobody has been told of it.
            let is_cut_off = !link.up && link.kind == crate::probe::links::LinkKind::Veth;
            if is_pods(name) && is_cut_off && !self.endpoints.devices.contains_key(name) {
                tracing::info!(device = %name, "a pod's device that was never used is removed");
                pod::unplug(&self.kernel, name).await?;
            }
        }
        let known: Vec<u32> = self.endpoints.devices.values().copied().collect();
        for pod in self.forwarding.pods()?.into_iter().filter(|pod| !known.contains(&pod.ifindex)) {
            self.forwarding.remove_pod(pod.ifindex)?;
        }
        Ok(())
    }

    async fn restore(
        &mut self,
        links: &BTreeMap<DeviceName, Link>,
        endpoint: &Endpoint,
    ) -> Result<(), EndpointError> {
        let device = endpoint.host_device.parse::<DeviceName>()?;
        let gone =
            || PodError::Vanished { device: device.clone(), netns: self.kernel.netns().name().to_owned() };
        let index = links.get(&device).ok_or_else(gone)?.index;
        let (mac, pod_mac) = (endpoint.host_mac, endpoint.mac);
        // The other end's index is the pod's business.
        let plugged = Plugged { device, index, mac, pod_index: 0, pod_mac };
        self.endpoints.pool.allocate(&endpoint.key, Some(endpoint.address))?;
        self.furnish_pod(endpoint, &plugged)?;
        Ok(pod::connect(&self.kernel, &plugged).await?)
    }

    /// From a cable to a pod that others can reach, written down before it speaks.
    async fn admit(&mut self, endpoint: &Endpoint, plugged: &Plugged) -> Result<(), EndpointError> {
        self.furnish_pod(endpoint, plugged)?;
        self.endpoints.store.insert(endpoint.clone())?;
        self.changed.notify_one();
        Ok(pod::connect(&self.kernel, plugged).await?)
    }

    /// Makes pods known again whose entries in the maps somebody removed.
    pub(super) fn readmit_pods(&mut self) -> Result<(), ProbeError> {
        let known = self.forwarding.pods()?;
        for endpoint in self.endpoints.store.endpoints() {
            let device =
                self.endpoints.devices.iter().find(|(name, _)| name.as_str() == endpoint.host_device);
            let Some((_, &ifindex)) = device else { continue };
            let pod = local(endpoint, ifindex);
            if !known.contains(&pod) {
                self.forwarding.add_pod(&pod)?;
            }
        }
        Ok(())
    }

    fn furnish_pod(&mut self, endpoint: &Endpoint, plugged: &Plugged) -> Result<(), EndpointError> {
        self.forwarding.add_pod(&local(endpoint, plugged.index))?;
        hooks::attach_pod(&mut self.forwarding, &hooks::interface(&plugged.device, plugged.index))?;
        self.endpoints.devices.insert(plugged.device.clone(), plugged.index);
        Ok(())
    }

    /// Removes everything of a pod, whatever of it is there. Its address comes last: nobody else gets it before.
    async fn clear(&mut self, endpoint: &Endpoint) -> Result<(), EndpointError> {
        let device = endpoint.host_device.parse::<DeviceName>()?;
        self.changed.notify_one();
        pod::unplug(&self.kernel, &device).await?;
        let known = self.forwarding.pods()?;
        let mut indices: Vec<u32> =
            known.iter().filter(|pod| pod.ipv4 == Some(endpoint.address)).map(|pod| pod.ifindex).collect();
        indices.extend(self.endpoints.devices.get(&device));
        for index in indices {
            self.forwarding.remove_pod(index)?;
            self.forwarding.detach(&hooks::interface(&device, index))?;
        }
        self.endpoints.devices.remove(&device);
        self.endpoints.store.remove(&endpoint.key)?;
        self.endpoints.pool.release(endpoint.address);
        Ok(())
    }

    fn cable(&self, key: &EndpointKey, address: Ipv4Addr) -> Result<PodCable, EndpointError> {
        let route_mtu = self.route_mtu();
        let most_packets = || Udp::most_packets(usize::try_from(route_mtu).unwrap_or(usize::MAX));
        Ok(PodCable {
            device: pod::device_name(key.container_id()),
            interface: key.interface().parse()?,
            address: IpAddr::V4(address),
            router: self.config.router_ip,
            mtu: self.device_mtu(),
            route_mtu,
            most_segments: self.config.encryption.and_then(|_| u32::try_from(most_packets()).ok()),
        })
    }
}

/// The pod as the programs know it.
fn local(endpoint: &Endpoint, ifindex: u32) -> LocalPod {
    let Endpoint { address, mac, host_mac, .. } = *endpoint;
    LocalPod { ifindex, ipv4: Some(address), ipv6: None, mac, host_mac }
}

/// The pod's network namespace, which is another than the node's.
fn namespace_of(path: &Path, node: &Netns) -> Result<Netns, EndpointError> {
    let path = path.to_str().filter(|path| path.starts_with('/'));
    let path = path.ok_or(EndpointError::NoPath)?;
    let netns = Netns::open(path)?;
    if netns.inode() == node.inode() {
        return Err(EndpointError::OwnNamespace);
    }
    Ok(netns)
}

fn is_pods(name: &DeviceName) -> bool {
    let digits = name.as_str().strip_prefix("lxc");
    digits.is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
