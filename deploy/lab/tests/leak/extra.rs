//! Pods besides those of the lab, given and taken by the plugin as a container runtime runs it.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::world::World;

/// Network namespaces on a node, in which pods are to be.
pub(crate) struct Extra<'w> {
    world: &'w World,
    node: &'w str,
    pub(crate) count: usize,
    /// How often each was deleted: as with container runtimes, who comes back is another container.
    generations: Vec<AtomicUsize>,
}

/// What there is of pods on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remains {
    devices: usize,
    records: usize,
    links: usize,
}

impl<'w> Extra<'w> {
    pub(crate) fn new(world: &'w World, node: &'w str, count: usize) -> Self {
        for number in 0..count {
            world.on(node, &format!("ip netns add extra{number}"));
        }
        Self { world, node, count, generations: (0..count).map(|_| AtomicUsize::new(0)).collect() }
    }

    /// Gives the pod an address, this one or any; which, or why not.
    pub(crate) fn add(&self, number: usize, address: &str) -> Result<String, String> {
        let arguments = format!("IgnoreUnknown=1;K8S_POD_NAME=extra{number};IP={address}");
        let added = self.cni("ADD", number, &arguments)?;
        Ok(added.pointer("/ips/0/address").and_then(Value::as_str).unwrap().to_owned())
    }

    /// Takes it back.
    pub(crate) fn delete(&self, number: usize) {
        self.cni("DEL", number, "").unwrap();
        self.generations[number].fetch_add(1, Ordering::Relaxed);
    }

    /// Whether everything of it is there.
    pub(crate) fn check(&self, number: usize) -> Result<(), String> {
        self.cni("CHECK", number, "").map(drop)
    }

    fn cni(&self, what: &str, number: usize, arguments: &str) -> Result<Value, String> {
        let node = self.world.node(self.node);
        let config = json!({
            "cniVersion": "1.0.0", "name": "extra", "type": "wgtrace-cni",
            "socket": node.socket(), "queue": node.home().queue(),
        });
        let generation = self.generations[number].load(Ordering::Relaxed);
        let mut command = Command::new(self.world.program("wgtrace-cni"));
        command.env("CNI_COMMAND", what).env("CNI_CONTAINERID", format!("extra{number}-{generation}"));
        command.env("CNI_NETNS", format!("/run/netns/extra{number}")).env("CNI_IFNAME", "eth0");
        command.env("CNI_PATH", "/opt/cni/bin").env("CNI_ARGS", arguments).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = node.spawn(&mut command).unwrap();
        child.stdin.take().unwrap().write_all(config.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(serde_json::from_str(&said).unwrap_or_default());
        }
        Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }

    /// Does something with each, all at once.
    pub(crate) fn each<T: Send>(&self, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let act = &act;
        thread::scope(|scope| {
            let running: Vec<_> = (0..self.count).map(|number| scope.spawn(move || act(number))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// What there is of pods, those of the lab included.
    pub(crate) fn remains(&self) -> Remains {
        let devices = self.world.on(self.node, "ip -o link show");
        let records = self.world.node(self.node).home().state().join("endpoints");
        Remains {
            devices: devices.lines().filter(|line| line.contains(": lxc")).count(),
            records: fs::read_dir(records).map(Iterator::count).unwrap_or_default(),
            links: self.world.on(self.node, "ls /sys/fs/bpf/wgtrace/links").lines().count(),
        }
    }
}
