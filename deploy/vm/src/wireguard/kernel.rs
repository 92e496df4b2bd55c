//! The kernel's device, configured by the stock `wg`.

use anyhow::{Context as _, Result};
use wgtrace_testbed::Namespace;

use super::config::Config;
use super::pair::End;
use super::shown::wg;

/// A device in a namespace.
#[derive(Debug)]
pub(super) struct Kernel {
    name: String,
    config: Config,
}

impl Kernel {
    /// Makes one, gives it its keys, peer and addresses, and sets it up.
    pub(super) fn make(namespace: &Namespace, name: String, config: Config) -> Result<Self> {
        let kernel = Self { name, config };
        kernel.set_up(namespace, &kernel.config)?;
        Ok(kernel)
    }

    /// Removes the device and makes it anew, with all that it knew of its sessions forgotten.
    pub(super) fn make_anew(&self, namespace: &Namespace, knows_endpoint: bool) -> Result<()> {
        namespace.delete(&self.name)?;
        let config = if knows_endpoint { self.config.clone() } else { self.config.without_endpoint() };
        self.set_up(namespace, &config)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn set_up(&self, namespace: &Namespace, config: &Config) -> Result<()> {
        namespace.wireguard(&self.name)?;
        let file = config.write(&self.name)?;
        let file = file.to_str().context("a path that is no text")?;
        wg(namespace, &["setconf", &self.name, file])?;
        for (v6, prefix) in [(false, 24), (true, 64)] {
            namespace.address(&self.name, End::Kernel.inner(v6), prefix)?;
        }
        namespace.up(&self.name)
    }
}
