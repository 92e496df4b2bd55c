//! A node between two pods and the rest of the world, without BPF: a pod behind `lxc1`, another one behind `cilium_host`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};

use wgtrace_testbed::Namespace;
use wgtrace_testbed::{PATIENCE, within};
use wgtrace_tunnel::Prefix;
use wgtraced::datapath::nat::{
    Chain, ChainKind, Device, Family, Hook, HookPoint, Intent, Is, Nat, Rule, Statement, Table,
};

/// The walkthrough's worker node.
pub(crate) fn worker() -> Intent {
    Intent {
        pods: prefix("10.0.1.0/24"),
        native: Some(prefix("10.0.0.0/8")),
        router: ip(ROUTER),
        router_device: "cilium_host".parse().unwrap(),
        nodes: ["172.18.0.2", NODE, OTHER_NODE].map(ip).into(),
        native_device: Some("eth0".parse().unwrap()),
    }
}

pub(crate) const ROUTER: &str = "10.0.1.26";
pub(crate) const NODE: &str = "172.18.0.3";
pub(crate) const OTHER_NODE: &str = "172.18.0.4";
/// A pod of the node, behind `lxc1`.
pub(crate) const CLIENT: &str = "10.0.1.203";
/// A pod of the node, behind `cilium_host`.
pub(crate) const SERVER: &str = "10.0.1.54";
/// A pod of the other node.
pub(crate) const OTHER_POD: &str = "10.0.2.194";
/// Somewhere else.
pub(crate) const WORLD: &str = "192.0.2.1";

pub(crate) struct World {
    pub(crate) client: Namespace,
    pub(crate) server: Namespace,
    pub(crate) node: Namespace,
    /// The other node, its pod and the rest of the world.
    pub(crate) outside: Namespace,
}

impl World {
    pub(crate) fn new() -> Self {
        let new = || Namespace::new().unwrap();
        let world = Self { client: new(), server: new(), node: new(), outside: new() };
        let Self { client, server, node, outside } = &world;
        for (name, far) in [("lxc1", client), ("cilium_host", server), ("eth0", outside)] {
            node.veth(name, (far, "eth0")).unwrap();
        }
        node.address("cilium_host", ip(ROUTER), 32).unwrap();
        node.address("eth0", ip(NODE), 16).unwrap();
        for (pod, own) in [(client, CLIENT), (server, SERVER)] {
            pod.address("eth0", ip(own), 24).unwrap();
        }
        outside.address("eth0", ip(OTHER_NODE), 16).unwrap();
        for own in [OTHER_POD, WORLD] {
            outside.address("eth0", ip(own), 32).unwrap();
        }
        for (namespace, names) in [
            (node, &["lo", "lxc1", "cilium_host", "eth0"][..]),
            (client, &["eth0"]),
            (server, &["eth0"]),
            (outside, &["eth0"]),
        ] {
            for name in names {
                namespace.up(name).unwrap();
            }
        }
        node.route((ip("10.0.1.0"), 24), None, "cilium_host").unwrap();
        node.route((ip(CLIENT), 32), None, "lxc1").unwrap();
        for range in [("10.0.2.0", 24), ("192.0.2.0", 24)] {
            node.route((ip(range.0), range.1), Some(ip(OTHER_NODE)), "eth0").unwrap();
        }
        for pod in [client, server] {
            pod.route((ip("0.0.0.0"), 0), Some(ip(ROUTER)), "eth0").unwrap();
        }
        outside.route((ip("10.0.1.0"), 24), Some(ip(NODE)), "eth0").unwrap();
        for (namespace, name) in [(node, "lxc1"), (node, "cilium_host"), (node, "eth0"), (outside, "eth0")] {
            namespace.wait_up(name).unwrap();
        }
        node.run(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1")).unwrap().unwrap();
        world
    }

    /// The node's `nf_tables`.
    pub(crate) fn nat(&self) -> Nat {
        self.node.run(|| Nat::open().unwrap()).unwrap()
    }

    /// Marks what comes from a pod, as the program at its device does with what is for the node or the world.
    pub(crate) fn mark_pods(&self) {
        let hook = Hook { kind: ChainKind::Filter, point: HookPoint::Prerouting, priority: -150 };
        let from_pods = Statement::Input(Is::Equal, Device::Prefixed("lxc".into()));
        let rule = Rule::new([from_pods, Statement::SetMark(0xf00)]);
        let chain = Chain { name: "prerouting".into(), hook: Some(hook), rules: vec![rule] };
        let marks =
            Table { family: Family::IPV4, name: "wgtrace_marks".into(), sets: vec![], chains: vec![chain] };
        self.nat().apply(&marks).unwrap();
    }
}

/// A connection from end to end.
pub(crate) struct Connection {
    near: TcpStream,
    far: TcpStream,
    /// Who the client is, to itself.
    pub(crate) client: SocketAddr,
    /// Who the client is, to the server.
    pub(crate) seen: SocketAddr,
}

impl Connection {
    /// Asks a little over it, is answered, and closes it from the client's end.
    pub(crate) fn talk_and_close(mut self) {
        let mut buffer = [0; 4];
        self.near.write_all(b"ping").unwrap();
        self.far.read_exact(&mut buffer).unwrap();
        self.far.write_all(b"pong").unwrap();
        self.near.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"pong");
        drop(self.near);
        assert_eq!(self.far.read(&mut buffer).unwrap(), 0);
    }
}

/// Listens at `at` in one namespace, or at a port of any address.
pub(crate) fn listen(namespace: &Namespace, at: &str) -> TcpListener {
    let listener = namespace.run(|| TcpListener::bind(at).unwrap()).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// Connects to `to`, and accepts that at one of these listeners; which one.
pub(crate) fn connect(from: &Namespace, to: &str, at: &[&TcpListener]) -> (usize, Connection) {
    let to: SocketAddr = to.parse().unwrap();
    let near = from.run(|| TcpStream::connect_timeout(&to, PATIENCE)).unwrap();
    let near = near.unwrap_or_else(|error| panic!("{to}: {error}"));
    let client = near.local_addr().unwrap();
    let (index, (far, seen)) = within("a listener accepts", || {
        at.iter().enumerate().find_map(|(index, listener)| Some((index, listener.accept().ok()?)))
    });
    far.set_nonblocking(false).unwrap();
    (index, Connection { near, far, client, seen })
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}
