//! A node, seen from outside.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::Result;
use wgtrace_testbed::Namespace;

use super::Place;
use crate::home::NodeHome;
use crate::record::{Keys, NodeRecord};

/// A node of a lab.
#[derive(Debug)]
pub struct Node {
    pub(super) record: NodeRecord,
    pub(super) home: NodeHome,
    pub(super) keys: Keys,
    pub(super) place: Place,
}

impl Node {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Address of its `eth0`.
    pub fn address(&self) -> Ipv4Addr {
        self.record.address
    }

    /// Link-layer address of its `eth0`: `02:42:ac:12:00:03`.
    pub fn mac(&self) -> &str {
        &self.record.mac
    }

    /// Its pods' network: `10.0.1.0/24`.
    pub fn pod_cidr(&self) -> &str {
        &self.record.pod_cidr
    }

    /// Its pods' gateway, the address of `cilium_host`.
    pub fn router(&self) -> Ipv4Addr {
        self.record.router
    }

    /// Its files.
    pub fn home(&self) -> &NodeHome {
        &self.home
    }

    /// Path of its daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.home.socket()
    }

    /// Path of its daemon's key log; `None` in a lab without them.
    pub fn key_log(&self) -> Option<PathBuf> {
        (self.keys != Keys::Off).then(|| self.home.key_log())
    }

    /// Path of its daemon's configuration.
    pub fn config(&self) -> PathBuf {
        self.home.config()
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

    /// Starts a program on it; see [`Place::spawn`].
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        self.place.spawn(command)
    }
}
