//! The steps, in the document's order.

mod decryption;
mod ping;
mod service;
mod state;

use std::time::Instant;

use anyhow::Result;

pub(super) use self::ping::packet;
use super::outcome::{Evidence, Outcome};
use super::stage::Stage;
use super::table::Table;

/// A step.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name, which rows of the table have.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    see: fn(&Stage<'_>) -> Result<Evidence>,
}

impl Step {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        STEPS.iter().find(|step| step.name == name)
    }

    /// Runs it.
    pub fn run(&self, stage: &Stage<'_>, table: &Table) -> Outcome {
        let start = Instant::now();
        let seen = (self.see)(stage);
        Outcome::of((self.name, self.about), table, seen, start.elapsed())
    }
}

/// All of them.
pub const STEPS: [Step; 20] = [
    step("pod addresses", "interfaces and addresses of the pod net", state::pod_addresses),
    step("pod routes", "routes of the pod net", state::pod_routes),
    step("node addresses", "interfaces and addresses of its node", state::node_addresses),
    step("tunnel device", "the WireGuard device", state::tunnel_device),
    step("peers", "WireGuard's peers", state::peers),
    step("node routes", "routes of the node", state::node_routes),
    step("rules", "rules that choose a table", state::rules),
    step("table 201", "the table of what has to be encrypted", state::table_201),
    step(
        "same node",
        "a ping to a pod of the same node touches neither cilium_wg0 nor eth0",
        ping::same_node,
    ),
    step("other node", "a ping to a pod of another node", ping::other_node),
    step("pod capture", "that ping on the pod's eth0", ping::pod_capture),
    step("tunnel capture", "that ping on cilium_wg0: bare IP packets", ping::tunnel_capture),
    step("wire capture", "that ping on the node's eth0: nothing to read", ping::wire_capture),
    step("decryption", "what eth0 carried, opened with the exported session keys", decryption::decryption),
    step(
        "cluster address",
        "the service by its own address, answered by a near and by a far pod",
        service::cluster,
    ),
    step("node port", "the service by the node's port, answered by the near pod", service::node_port),
    step("node port capture", "that request on the pod's eth0", service::node_port_capture),
    step("connection", "that request in the node's connection tracking", service::connection),
    step("service rules", "the rules behind the node's port", service::rules),
    step("remote node port", "both nodes' ports answered by a far pod, encrypted both ways", service::remote),
];

const fn step(name: &'static str, about: &'static str, see: fn(&Stage<'_>) -> Result<Evidence>) -> Step {
    Step { name, about, see }
}
