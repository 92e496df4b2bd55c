//! A pod, seen from outside.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::Result;
use wgtrace_testbed::Namespace;

use super::Place;
use crate::record::PodRecord;

/// A pod of a lab.
#[derive(Debug)]
pub struct Pod {
    pub(super) record: PodRecord,
    pub(super) place: Place,
}

impl Pod {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Name of the node that it is on.
    pub fn node(&self) -> &str {
        &self.record.node
    }

    /// Address of its `eth0`.
    pub fn address(&self) -> Ipv4Addr {
        self.record.address
    }

    /// Link-layer address of its `eth0`.
    pub fn mac(&self) -> &str {
        &self.record.mac
    }

    /// The other end of its `eth0`, on the node: `lxc2d3008e4e496`.
    pub fn host_device(&self) -> &str {
        &self.record.host_device
    }

    /// Link-layer address of that.
    pub fn host_mac(&self) -> &str {
        &self.record.host_mac
    }

    /// What the plugin was told that its container is called.
    pub fn container_id(&self) -> &str {
        &self.record.container_id
    }

    /// Path of its network namespace, as its node sees it.
    pub fn netns(&self) -> &Path {
        &self.record.netns
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its network namespace.
    pub fn network(&self) -> &Namespace {
        self.place.network()
    }

    /// Runs `work` on a thread in its network namespace; see [`Place::run`].
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.place.run(work)
    }

    /// Starts a program in it; see [`Place::spawn`].
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        self.place.spawn(command)
    }
}
