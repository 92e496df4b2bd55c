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

/// Attaches what is not attached yet to the node's own devices; the guard comes first.
pub(super) fn attach_node(
    forwarding: &mut Forwarding,
    links: &BTreeMap<DeviceName, Link>,
    native: &DeviceName,
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
    Ok(())
}

/// Attaches a pod's programs, or exchanges those of an earlier start.
pub(super) fn attach_pod(forwarding: &mut Forwarding, interface: &Interface) -> Result<(), ProbeError> {
    POD.into_iter().try_for_each(|hook| forwarding.attach(interface, hook).map(|_| ()))
}

pub(super) fn interface(name: &DeviceName, index: u32) -> Interface {
    Interface { name: name.to_string(), index }
}
