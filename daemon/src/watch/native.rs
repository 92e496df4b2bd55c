//! Interfaces as the watch finds them, and the tap on the one that leads to the other nodes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use wgtrace_abi::Hook;

use crate::datapath::observed::Link;
use crate::node::Node;
use crate::probe::Interface;
use crate::probe::instance::Instance;
use crate::probe::links::LinkKind;
use crate::wireguard::DeviceName;

/// Taps `native` in the place of what was tapped.
pub(super) fn tap(
    instance: &mut Instance,
    tapped: Option<u32>,
    native: Option<&Interface>,
) -> Result<Option<u32>> {
    if tapped == native.map(|native| native.index) {
        return Ok(tapped);
    }
    if let Some(before) = tapped {
        instance.detach_hook(before, Hook::TapOut).context("cannot end the tap")?;
    }
    if let Some(native) = native {
        instance.tap(native).with_context(|| format!("cannot tap {}", native.name))?;
    }
    Ok(native.map(|native| native.index))
}

/// The device that leads to the other nodes, if it is there.
pub(super) fn native(node: &Node, links: &BTreeMap<DeviceName, Link>) -> Option<Interface> {
    let device = &node.config().device;
    links.get(device).map(|link| Interface { name: device.to_string(), index: link.index })
}

/// Whether its packets start with their IP header.
pub(super) fn is_l3(link: &Link) -> bool {
    link.mac.is_none() && matches!(link.kind, LinkKind::Tun | LinkKind::Wireguard)
}
