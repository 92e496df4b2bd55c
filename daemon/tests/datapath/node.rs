//! The walkthrough's worker: what others make of it, and the programs that look at it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use tempfile::TempDir;
use wgtrace_testbed::{Namespace, Tun};

/// A node in a namespace of its own.
pub(crate) struct Node {
    pub(crate) namespace: Namespace,
    pub(crate) tunnel: Option<Tun>,
    pub(crate) dir: TempDir,
    _nodes: Namespace,
    _pod: Namespace,
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Node {
    /// `cilium-wireguard-worker` before anything of ours is there: its device, the tunnel (down) and a pod's device.
    pub(crate) fn worker() -> Self {
        let (namespace, nodes, pod) =
            (Namespace::new().unwrap(), Namespace::new().unwrap(), Namespace::new().unwrap());
        namespace.veth("eth0", (&nodes, "eth0")).unwrap();
        namespace.address("eth0", "172.18.0.3".parse().unwrap(), 16).unwrap();
        namespace.veth(POD, (&pod, "eth0")).unwrap();
        let ups =
            [(&namespace, "lo"), (&namespace, "eth0"), (&nodes, "eth0"), (&pod, "eth0"), (&namespace, POD)];
        for (side, name) in ups {
            side.up(name).unwrap();
        }
        let everywhere = ("0.0.0.0".parse().unwrap(), 0);
        namespace.route(everywhere, Some("172.18.0.1".parse().unwrap()), "eth0").unwrap();
        let tunnel = Some(Tun::new(&namespace, "cilium_wg0").unwrap());
        let node = Self { namespace, tunnel, dir: tempfile::tempdir().unwrap(), _nodes: nodes, _pod: pod };
        let registry = node.dir.path().join("nodes");
        fs::create_dir(&registry).unwrap();
        fs::set_permissions(&registry, fs::Permissions::from_mode(0o755)).unwrap();
        for (name, addr, cidr) in [
            ("cilium-wireguard-control-plane", "172.18.0.2", "10.0.0.0/24"),
            ("cilium-wireguard-worker2", "172.18.0.4", "10.0.2.0/24"),
        ] {
            node.entry(name, addr, cidr);
        }
        node.configure("");
        node
    }

    /// Another node's entry in the registry.
    pub(crate) fn entry(&self, name: &str, addr: &str, cidr: &str) {
        let text =
            format!("{{\"name\": \"{name}\", \"addresses\": [\"{addr}\"], \"pod-cidrs\": [\"{cidr}\"]}}");
        let path = self.dir.path().join("nodes").join(format!("{name}.json"));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// Writes the configuration, with something behind it.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!(
            "node-name = \"cilium-wireguard-worker\"\nnode-ip = \"172.18.0.3\"\npod-cidr = \"10.0.1.0/24\"\n\
             router-ip = \"10.0.1.26\"\nregistry.directory = \"{}\"\n{more}\n",
            self.dir.path().join("nodes").display()
        );
        fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> String {
        self.dir.path().join("wgtraced.toml").into_os_string().into_string().unwrap()
    }

    /// `wgtraced datapath VERB` on the node.
    pub(crate) fn datapath(&self, verb: &str, more: &[&str]) -> Said {
        let config = self.config();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wgtraced"));
        command.args(["datapath", verb, "--config", &config]).args(more);
        self.run(command)
    }

    /// `apply`, which leaves nothing to be done.
    pub(crate) fn applied(&self) -> String {
        let said = self.datapath("apply", &[]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let after = self.datapath("diff", &[]);
        assert_eq!((after.code, after.out.as_str()), (0, ""), "{}", after.err);
        said.out
    }

    /// The stock `ip` on the node: what it prints, which has to be something it can do.
    pub(crate) fn ip(&self, line: &str) -> String {
        let said = self.try_ip(line);
        assert_eq!(said.code, 0, "ip {line}: {}", said.err);
        said.out
    }

    /// The stock `ip` on the node.
    pub(crate) fn try_ip(&self, line: &str) -> Said {
        let mut command = Command::new("ip");
        command.args(line.split_whitespace());
        self.run(command)
    }

    /// The stock `nft` on the node.
    pub(crate) fn nft(&self, line: &str) {
        let mut command = Command::new("nft");
        command.args(line.split_whitespace());
        let said = self.run(command);
        assert_eq!(said.code, 0, "nft {line}: {}", said.err);
    }

    /// Writes a setting of the node's.
    pub(crate) fn sysctl(&self, below: &str, value: &str) {
        let path = format!("/proc/sys/net/ipv4/{below}");
        self.namespace.run(|| fs::write(&path, value)).unwrap().unwrap();
    }

    fn run(&self, mut command: Command) -> Said {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = self.namespace.run(|| command.output()).unwrap();
        let Output { status, stdout, stderr } = output.unwrap_or_else(|error| {
            panic!("{program} does not start: {error} (Debian: iproute2, nftables)");
        });
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }
}

/// The device of the pod `cni-vk8fx`.
pub(crate) const POD: &str = "lxcaac4b4192870";
