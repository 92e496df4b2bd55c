//! Cryptokey routing as its documentation reads.

use std::net::IpAddr;

use wgtrace_tunnel::{PeerId, Prefix};

/// Every network of a device and whose it is.
#[derive(Default)]
pub struct Routes(Vec<(Prefix, PeerId)>);

impl Routes {
    pub fn give(&mut self, prefix: Prefix, owner: PeerId) {
        self.0.retain(|(of, _)| *of != prefix);
        self.0.push((prefix, owner));
    }

    /// Whether it was the peer's.
    pub fn take(&mut self, prefix: Prefix, owner: PeerId) -> bool {
        let before = self.0.len();
        self.0.retain(|of| *of != (prefix, owner));
        self.0.len() < before
    }

    pub fn forget(&mut self, owner: PeerId) {
        self.0.retain(|(_, of)| *of != owner);
    }

    pub fn owner(&self, addr: IpAddr) -> Option<PeerId> {
        let containing = self.0.iter().filter(|(prefix, _)| prefix.contains(addr));
        containing.max_by_key(|(prefix, _)| prefix.len()).map(|(_, owner)| *owner)
    }

    /// A peer's networks, in no order.
    pub fn of(&self, owner: PeerId) -> Vec<Prefix> {
        self.0.iter().filter(|(_, of)| *of == owner).map(|(prefix, _)| *prefix).collect()
    }
}
