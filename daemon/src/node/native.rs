//! The device that leads to the other nodes.

use std::collections::BTreeMap;

use super::{Node, hooks};
use crate::datapath::observed::Link;
use crate::probe::Interface;
use crate::wireguard::DeviceName;

impl Node {
    /// The device that leads to the other nodes, if it is among these.
    pub(crate) fn native(&self, links: &BTreeMap<DeviceName, Link>) -> Option<Interface> {
        let device = &self.config.device;
        links.get(device).map(|link| hooks::interface(device, link.index))
    }
}
