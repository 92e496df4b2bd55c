//! Which programs are on which interface.

use std::collections::{BTreeMap, BTreeSet};

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

/// The node's own devices, as far as they are there; the guard comes first.
pub(super) fn of_node(
    links: &BTreeMap<DeviceName, Link>,
    native: &DeviceName,
) -> Vec<(Interface, [Hook; 2])> {
    let devices =
        [(native.clone(), NATIVE), (DeviceName::known(HOST), ROUTER), (DeviceName::known(TUNNEL), WIREGUARD)];
    let there = |(name, hooks)| Some((interface(&name, links.get(&name)?.index), hooks));
    devices.into_iter().filter_map(there).collect()
}

/// Attaches what is not attached, and exchanges what an earlier start attached.
pub(super) fn attach_missing(
    forwarding: &mut Forwarding,
    wanted: &[(Interface, [Hook; 2])],
) -> Result<(), ProbeError> {
    let attached = forwarding.attached()?;
    let own = attached.iter().filter(|found| found.program == Program::Own);
    let own: BTreeSet<_> = own.map(|found| (found.ifindex, found.hook.number())).collect();
    for (interface, hooks) in wanted {
        for hook in hooks.iter().filter(|hook| !own.contains(&(interface.index, hook.number()))) {
            forwarding.attach(interface, *hook)?;
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
