//! The device that leads to the other nodes, and what must not leave by it in clear.

use std::collections::BTreeMap;

use super::{Fault, Node, hooks};
use crate::datapath::observed::Link;
use crate::probe::Interface;
use crate::wireguard::DeviceName;

impl Node {
    /// The device that leads to the other nodes, if it is among these.
    pub(crate) fn native(&self, links: &BTreeMap<DeviceName, Link>) -> Option<Interface> {
        let device = &self.config.device;
        links.get(device).map(|link| hooks::interface(device, link.index))
    }

    /// Has a node that encrypts count what leaks, whoever listens, and tells of what is new.
    pub(super) fn watch_native(&mut self, links: &BTreeMap<DeviceName, Link>) -> Result<(), Fault> {
        if self.config.encryption.is_none() {
            return Ok(());
        }
        let native = self.native(links);
        self.forwarding.instance().tap_only(native.as_ref())?;
        let leaks = self.forwarding.metrics().read()?.leaks.packets;
        let packets = leaks.saturating_sub(self.leaks);
        if packets > 0 {
            tracing::warn!(packets, device = %self.config.device, "left in the clear and had to be encrypted");
        }
        self.leaks = leaks;
        Ok(())
    }
}
