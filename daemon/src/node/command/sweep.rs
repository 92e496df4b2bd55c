//! Everything that was ever made in this namespace, removed.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::datapath::bpf::Forwarding;
use crate::datapath::desired::{HOST, TUNNEL};
use crate::datapath::nat::{self, Nat};
use crate::datapath::{Change, Desired, Kernel, pod, settle};
use crate::endpoints::Store;
use crate::netns::Netns;
use crate::node::start::BPF_DIRECTORY;
use crate::wireguard::DeviceName;

/// Pods first: while there are any, what keeps their packets from leaving in clear stays.
pub(super) async fn sweep(config: &Config) -> Result<()> {
    let kernel = Kernel::open(Netns::current()?)?;
    let (mut store, _) = Store::open(&config.state_directory.join("endpoints"))?;
    for endpoint in store.endpoints().cloned().collect::<Vec<_>>() {
        let device = endpoint.host_device.parse::<DeviceName>()?;
        pod::unplug(&kernel, &device).await.with_context(|| format!("removing {device}"))?;
        store.remove(&endpoint.key)?;
    }
    settle(&kernel, &Desired::nothing()).await.context("removing routes and rules")?;
    Nat::open()?.remove(nat::Family::IPV4, nat::TABLE).context("removing the table")?;
    let links = kernel.links().await?;
    for device in [TUNNEL, HOST].map(DeviceName::known) {
        if links.contains_key(&device) {
            kernel.apply(&Change::DeleteLink(device)).await?;
        }
    }
    Forwarding::open(Path::new(BPF_DIRECTORY), Netns::current()?)?.remove().context("removing programs")
}
