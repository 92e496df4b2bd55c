//! A pod's cable: one end on the node, the other as `eth0` in the pod's namespace.

mod error;

use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};

use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::{LinkMessageBuilder, LinkUnspec, LinkVeth};
use sha2::{Digest as _, Sha256};
use wgtrace_tunnel::Prefix;

pub use self::error::PodError;
use super::change::Change;
use super::desired::{Desired, Link, Origin, everywhere};
use super::diff::Difference;
use super::kernel::random_mac;
use super::state::{Address, Family, Hop, MAIN, Route, Scope, Setting, Sysctl};
use super::{Kernel, KernelError, settle};
use crate::netns::Netns;
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

/// What a pod's cable is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodCable {
    /// The name of the end on the node, see [`device_name`].
    pub device: DeviceName,
    /// The name of the end in the pod, usually `eth0`.
    pub interface: DeviceName,
    /// The pod's address.
    pub address: IpAddr,
    /// Its gateway.
    pub router: IpAddr,
    /// Largest packet of both ends, in bytes.
    pub mtu: u32,
    /// Largest packet to anybody but the gateway, in bytes.
    pub route_mtu: u32,
    /// Most segments of a super-packet that the pod sends, where longer ones would be cut in two on their way.
    pub most_segments: Option<u32>,
}

/// A pod's cable, as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    /// The end on the node.
    pub device: DeviceName,
    /// Its index on the node.
    pub index: u32,
    /// Its link-layer address.
    pub mac: [u8; 6],
    /// Index of the other end, in the pod.
    pub pod_index: u32,
    /// Link-layer address of the other end.
    pub pod_mac: [u8; 6],
}

/// The name of the end on the node: `lxc` and 12 digits of the SHA-256 of the container's ID.
pub fn device_name(container_id: &str) -> DeviceName {
    let digest = Sha256::digest(container_id.as_bytes());
    DeviceName::pod(digest.first_chunk().copied().unwrap_or_default())
}

/// Makes a pod's cable and everything in the pod that goes with it; on any error nothing of it stays.
///
/// The end on the node is down: nothing passes before [`connect`], so that programs can be attached first. To be run to its
/// end: dropped halfway, it leaves the cable behind, which [`unplug`] removes.
///
/// # Errors
/// When the kernel refuses, or something in the pod is in the way.
pub async fn plug(node: &Kernel, pod: Netns, cable: &PodCable) -> Result<Plugged, PodError> {
    let device = cable.device.clone();
    let pod = Kernel::open(pod)?;
    if node.links().await?.contains_key(&device) {
        return Err(PodError::Exists { device });
    }
    if pod.links().await?.contains_key(&cable.interface) {
        return Err(PodError::Taken { interface: cable.interface.clone() });
    }
    let [mac, pod_mac] = [random_mac()?, random_mac()?];
    let pair = pair(mac, cable, pod_mac, pod.netns());
    let made = node.request(RouteNetlinkMessage::NewLink(pair), NLM_F_CREATE | NLM_F_EXCL).await;
    made.map_err(|error| PodError::NoCable { device: device.clone(), error })?;
    match furnish(node, &pod, cable).await {
        Ok((index, pod_index)) => Ok(Plugged { device, index, mac, pod_index, pod_mac }),
        Err(error) => {
            if let Err(left) = node.apply(&Change::DeleteLink(device)).await {
                tracing::warn!(%left, "a pod's device could not be removed again");
            }
            Err(error)
        }
    }
}

/// Lets packets pass: the pod's programs are attached.
///
/// # Errors
/// When the kernel refuses, or the device is not there any more.
pub async fn connect(node: &Kernel, plugged: &Plugged) -> Result<(), PodError> {
    if index(node, &plugged.device).await? != plugged.index {
        return Err(PodError::Exists { device: plugged.device.clone() });
    }
    Ok(node.apply(&Change::SetLink(plugged.device.clone(), Setting::Up)).await?)
}

/// Removes a pod's cable, with all that was in the pod; says whether there was one.
///
/// # Errors
/// When the kernel refuses, or the device of that name is no cable.
pub async fn unplug(node: &Kernel, device: &DeviceName) -> Result<bool, PodError> {
    match node.links().await?.get(device) {
        None => Ok(false),
        Some(link) if link.kind != LinkKind::Veth => Err(PodError::OtherKind { device: device.clone() }),
        Some(_) => Ok(node.apply(&Change::DeleteLink(device.clone())).await.map(|()| true)?),
    }
}

/// What is off in a pod.
///
/// # Errors
/// When the kernel does not answer.
pub async fn check(pod: &Kernel, cable: &PodCable) -> Result<Difference, KernelError> {
    let desired = inside(cable);
    Ok(Difference::between(&desired, &pod.observe(&desired).await?))
}

/// Both ends' settings; the indices of the two.
async fn furnish(node: &Kernel, pod: &Kernel, cable: &PodCable) -> Result<(u32, u32), PodError> {
    node.apply(&Change::SetSysctl(Sysctl::of(&cable.device, "rp_filter"), 0)).await?;
    let settled = settle(pod, &inside(cable)).await?;
    if let Some(finding) = settled.findings.into_iter().next() {
        return Err(PodError::InTheWay(Box::new(finding)));
    }
    Ok((index(node, &cable.device).await?, index(pod, &cable.interface).await?))
}

async fn index(kernel: &Kernel, device: &DeviceName) -> Result<u32, PodError> {
    let found = kernel.links().await?.get(device).map(|link| link.index);
    let netns = kernel.netns().name();
    found.ok_or_else(|| PodError::Vanished { device: device.clone(), netns: netns.to_owned() })
}

/// What there is to be in the pod.
fn inside(cable: &PodCable) -> Desired {
    let device = &cable.interface;
    let settings = vec![Setting::Mtu(cable.mtu), Setting::Up];
    let to = |destination, gateway, scope, mtu| Route {
        table: MAIN,
        destination,
        hop: Hop::Device { device: device.clone(), gateway, source: None, scope },
        metric: 0,
        mtu,
    };
    let router = cable.router;
    Desired {
        links: vec![Link { name: device.clone(), origin: Origin::Pod { index: None }, settings }],
        addresses: vec![Address {
            addr: cable.address,
            len: Prefix::host(cable.address).len(),
            scope: Scope::Global,
            device: device.clone(),
        }],
        routes: vec![
            to(Prefix::host(router), None, Scope::Link, None),
            to(everywhere(Family::of(router)), Some(router), Scope::Global, Some(cable.route_mtu)),
        ],
        ..Desired::nothing()
    }
}

fn pair(mac: [u8; 6], cable: &PodCable, pod_mac: [u8; 6], pod: &Netns) -> LinkMessage {
    let other = LinkMessageBuilder::<LinkUnspec>::new()
        .name(cable.interface.as_str())
        .address(pod_mac.to_vec())
        .mtu(cable.mtu)
        .setns_by_fd(pod.as_fd().as_raw_fd());
    let other = match cable.most_segments {
        Some(segments) => other.append_extra_attribute(LinkAttribute::GsoMaxSegs(segments)).build(),
        None => other.build(),
    };
    LinkVeth::new(cable.device.as_str(), cable.interface.as_str())
        .address(mac.to_vec())
        .mtu(cable.mtu)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(other)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_digest() {
        // FIPS 180-4, SHA-256 of "abc".
        assert_eq!(device_name("abc").as_str(), "lxcba7816bf8f01");
    }

    #[test]
    fn a_pod_is_what_ip_printed_in_the_walkthrough() {
        let cable = PodCable {
            device: device_name("abc"),
            interface: "eth0".parse().unwrap(),
            address: "10.0.1.203".parse().unwrap(),
            router: "10.0.1.26".parse().unwrap(),
            mtu: 1500,
            route_mtu: 1420,
            most_segments: None,
        };
        let lines = "link eth0 type veth mtu 1500 up\ninet 10.0.1.203/32 scope global eth0\n\
                     10.0.1.26 dev eth0 proto 200 scope link\ndefault via 10.0.1.26 dev eth0 proto 200 mtu 1420\n";
        assert_eq!(inside(&cable).to_string(), lines);
    }
}
