//! TUN devices: IP packets without a link layer.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};

use anyhow::{Context as _, Result};

use crate::{Namespace, device};

/// A TUN device, down at first; it ends with this value.
#[derive(Debug)]
pub struct Tun {
    file: File,
}

impl Tun {
    /// Makes one.
    pub fn new(namespace: &Namespace, name: &str) -> Result<Self> {
        let file = namespace.run(|| -> Result<File> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open("/dev/net/tun")
                .context("this kernel has no TUN devices, or /dev/net/tun is missing")?;
            device::make_tun(&file, name).with_context(|| format!("cannot make {name}"))?;
            Ok(file)
        })??;
        Ok(Self { file })
    }

    /// Has a packet come in by the device.
    pub fn inject(&mut self, packet: &[u8]) -> Result<()> {
        self.file.write_all(packet).with_context(|| format!("the device refused {} bytes", packet.len()))
    }

    /// Waits for a packet that leaves by the device.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        let mut packet = vec![0; usize::from(u16::MAX)];
        let len = self.file.read(&mut packet).context("cannot read from the device")?;
        packet.truncate(len);
        Ok(packet)
    }
}
