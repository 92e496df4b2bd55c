//! A folder for sockets, who listens at them, and what they say.

use std::path::PathBuf;
use std::process::{Child, Command};

use tempfile::TempDir;
use wgtrace_api::v1::{Count, EncryptionState, Flow, FlowsReply, Hop, Packet, Party};

use crate::fake::{Fake, Script};
use crate::program::{Ran, finish, wgtrace};

pub(super) fn party(address: &str, port: u32, pod: &str) -> Party {
    Party { address: address.into(), port, pod: pod.into(), node: String::new() }
}

pub(crate) fn flow(id: u64, pod: &str) -> Flow {
    let hop = |interface: &str, hook: &str, sealed| Hop {
        interface: interface.into(),
        hook: hook.into(),
        sealed,
        forward: Some(Count { packets: 5, bytes: 420 }),
        backward: Some(Count { packets: 4, bytes: 336 }),
        ..Default::default()
    };
    Flow {
        id,
        node: "worker".into(),
        source: Some(party("10.0.1.203", 41000, pod)),
        destination: Some(party("10.0.2.194", 32000, "")),
        protocol: 6,
        tcp_state: "established".into(),
        rtt: 1_234_567,
        last: 1_720_255_828_123_456_789 + i64::try_from(id).unwrap(),
        hops: vec![
            hop("lxc12ab", "from-container", false),
            hop("cilium_wg0", "to-wireguard", false),
            hop("eth0", "tap-out", true),
        ],
        encryption: EncryptionState::Encrypted.into(),
        peer_node: "worker2".into(),
        ..Default::default()
    }
}

pub(super) fn packet(verdict: &str) -> Packet {
    Packet {
        node: "worker".into(),
        time: 1_720_255_828_123_456_789,
        hook: "from-container".into(),
        interface: "lxc12ab".into(),
        verdict: verdict.into(),
        drop_reason: if verdict == "dropped" { 132 } else { 0 },
        source: Some(party("10.0.1.203", 0, "default/net")),
        destination: Some(party("10.0.2.194", 0, "")),
        protocol: 1,
        length: 98,
        bytes: vec![0x45, 0, 0, 84],
        summary: "IP 10.0.1.203 > 10.0.2.194: ICMP echo request, id 1, seq 1, length 64".into(),
        ..Default::default()
    }
}

pub(crate) fn flows(flows: Vec<Flow>) -> FlowsReply {
    FlowsReply { snapshot: true, known: 2, flows, ..Default::default() }
}

/// A folder for sockets, and what asks them.
pub(super) struct Place(pub(super) TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn socket(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn fake(&self, script: Script) -> Fake {
        Fake::start(&self.socket(&script.answers.status.node), script)
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = wgtrace(args);
        command.env("WGTRACE_SERVER", self.socket("worker")).env("XDG_CONFIG_HOME", self.0.path());
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Ran {
        finish(&mut self.command(args), &[])
    }
}

/// A child that is ended with the test.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
