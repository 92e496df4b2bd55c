//! Which programs are on which interface.

use std::collections::BTreeMap;

use wgtrace_abi::Hook;

use crate::datapath::bpf::{Forwarding, Program};
use crate::datapath::desired::{HOST, TUNNEL};
use crate::datapath::observed::Link;
use crate::probe::{Interface, ProbeError};
use crate::wireguard::DeviceName;

/// Both sides of a pod's device.
pub(super) const POD: [Hook; 2] = [Hook::FromContainer, Hook::ToContainer];
const NATIVE: [Hook; 2] = [Hook::FromNetdev, Hook::ToNetdev];
const ROUTER: [Hook; 2] = [Hook::FromHost, Hook::ToHost];
const WIREGUARD: [Hook; 2] = [Hook::FromWireguard, Hook::ToWireguard];

/// Attaches what is not attached, or not any more, to the node's own devices and to its pods'; the guard comes first.
pub(super) fn attach_missing(
    forwarding: &mut Forwarding,
    links: &BTreeMap<DeviceName, Link>,
    native: &DeviceName,
    pods: &BTreeMap<DeviceName, u32>,
) -> Result<(), ProbeError> {
    let attached = forwarding.attached()?;
    let devices =
        [(native.clone(), NATIVE), (DeviceName::known(HOST), ROUTER), (DeviceName::known(TUNNEL), WIREGUARD)];
    for (name, hooks) in devices {
        let Some(link) = links.get(&name) else { continue };
        for hook in hooks {
            let mut here = attached.iter().filter(|found| found.ifindex == link.index && found.hook == hook);
            if !here.any(|found| found.program == Program::Own) {
                forwarding.attach(&interface(&name, link.index), hook)?;
            }
        }
    }
    for (name, index) in
        pods.iter().filter(|(name, index)| links.get(name).is_some_and(|it| it.index == **index))
    {
        for hook in POD {
            let mut here = attached.iter().filter(|found| found.ifindex == *index && found.hook == hook);
            if !here.any(|found| matches!(found.program, Program::Own | Program::Filter)) {
                tracing::warn!(device = %name, hook = hook.name(), "somebody removed a pod's program: it was attached again");
                forwarding.attach(&interface(name, *index), hook)?;
            }
        }
    }
    Ok(())
}

/// Attaches a pod's programs, or exchanges those of an earlier start.
pub(super) fn attach_pod(forwarding: &mut Forwarding, interface: &Interface) -> Result<(), ProbeError> {
    POD.into_iter().try_for_each(|hook| forwarding.attach(interface, hook).map(|_| ()))
}

pub(super) fn interface(name: &DeviceName, index: u32) -> Interface {
    Interface { name: name.to_string(), index }
}
