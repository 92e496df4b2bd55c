//! What a device is trusted to do for the stack.

use anyhow::{Context as _, Result};
use rustix::net::{AddressFamily, SocketType, socket};

use crate::{Namespace, device};

/// A feature of a device, with ethtool's name (linux: `include/uapi/linux/ethtool.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Offload {
    /// Checksums of packets that leave (`ETHTOOL_STXCSUM`).
    TxChecksum = 0x17,
    /// Packets in pieces (`ETHTOOL_SSG`).
    ScatterGather = 0x19,
    /// TCP super-frames (`ETHTOOL_STSO`).
    TcpSegmentation = 0x1f,
    /// Super-frames cut in software behind the stack (`ETHTOOL_SGSO`).
    GenericSegmentation = 0x24,
    /// Super-frames of what comes in (`ETHTOOL_SGRO`).
    GenericReceive = 0x2c,
}

impl Namespace {
    /// Switches a feature of a device.
    pub fn offload(&self, name: &str, feature: Offload, on: bool) -> Result<()> {
        self.run(|| {
            let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
            device::set_feature(&socket, name, feature as u32, u32::from(on))
                .with_context(|| format!("cannot switch {feature:?} of {name}"))
        })?
    }
}
