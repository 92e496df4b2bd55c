//! What the two ends of a tunnel are given.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

use tempfile::TempDir;
use wgtrace_decrypt::key::PrivateKey;
use wgtrace_testbed::Line;

/// Names of interfaces are seen in one directory from every namespace.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Both ends' configurations.
pub(crate) struct Pair {
    pub(crate) left: Settings,
    pub(crate) right: Settings,
}

/// What one end is given.
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Addresses within the tunnel: IPv4, and IPv6 of a [`Pair::dual`].
    pub(crate) inner: Vec<IpAddr>,
    dir: TempDir,
}

impl Pair {
    /// Two ends that know each other, with a preshared key or without.
    pub(crate) fn new(psk: bool) -> Self {
        Self::between(Line::LEFT, Line::RIGHT, psk)
    }

    /// The same between other outer addresses.
    pub(crate) fn between(left: IpAddr, right: IpAddr, psk: bool) -> Self {
        let [one, two] = [PrivateKey::from_bytes([11; 32]), PrivateKey::from_bytes([22; 32])];
        let settings = |own: &PrivateKey, other: &PrivateKey, port, host: u8, far: SocketAddr| {
            let mut text = format!(
                "[Interface]\nPrivateKey = {}\nListenPort = {port}\n[Peer]\nPublicKey = {}\n\
                 AllowedIPs = 10.9.0.{}/32\nEndpoint = {far}\n",
                *own.expose_base64(),
                other.public(),
                3 - host
            );
            if psk {
                writeln!(text, "PresharedKey = {}", *PrivateKey::from_bytes([33; 32]).expose_base64())
                    .unwrap();
            }
            let name = format!("wgt{}x{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let inner = vec![IpAddr::from([10, 9, 0, host])];
            Settings { name, text, inner, dir: tempfile::tempdir().unwrap() }
        };
        Self {
            left: settings(&one, &two, 51001, 1, SocketAddr::new(right, 51002)),
            right: settings(&two, &one, 51002, 2, SocketAddr::new(left, 51001)),
        }
    }

    /// The same with IPv6 in the tunnel beside IPv4.
    pub(crate) fn dual(mut self) -> Self {
        for (settings, host) in [(&mut self.left, 1), (&mut self.right, 2)] {
            settings.inner.push(IpAddr::from([0xfd09, 0, 0, 0, 0, 0, 0, host]));
            // The peer's section is the last.
            writeln!(settings.text, "AllowedIPs = fd09::{}/128", 3 - host).unwrap();
        }
        self
    }
}

impl Settings {
    /// A port of this end within the tunnel.
    pub(crate) fn inner_port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.inner[0], port)
    }

    /// Its addresses within the tunnel, and the lengths of the networks they are in.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        self.inner.iter().map(|address| (*address, if address.is_ipv4() { 24 } else { 64 }))
    }

    /// Has it wait until the other end speaks.
    pub(crate) fn forget_endpoint(&mut self) {
        self.text = self
            .text
            .lines()
            .filter(|line| !line.starts_with("Endpoint"))
            .flat_map(|line| [line, "\n"])
            .collect();
    }

    /// A path of this end's own, which goes with it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The configuration as a file: with the addresses for ours, without for others.
    pub(crate) fn file(&self, addresses: bool) -> String {
        let mut text = String::new();
        for (address, prefix) in self.addresses().filter(|_| addresses) {
            writeln!(text, "[Interface]\nAddress = {address}/{prefix}").unwrap();
        }
        let path = self.path(&format!("{}.conf", self.name));
        let mut file =
            fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path).unwrap();
        io::Write::write_all(&mut file, format!("{text}{}", self.text).as_bytes()).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}
