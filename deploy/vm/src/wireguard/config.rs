//! What both ends are told.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wgtrace_decrypt::key::{PresharedKey, PrivateKey};

use super::pair::{End, Plan};

/// An end's configuration, in the form of wg(8).
#[derive(Debug, Clone)]
pub(super) struct Config {
    end: End,
    text: String,
}

impl Config {
    pub(super) fn new(plan: Plan, end: End) -> Self {
        let Plan { v6, psk, begins, keepalive } = plan;
        let far = end.other();
        let mut text = format!(
            "[Interface]\nPrivateKey = {}\nListenPort = {}\n[Peer]\nPublicKey = {}\nAllowedIPs = {}, {}\n",
            *key(end).expose_base64(),
            end.port(),
            key(far).public(),
            far.inner(false),
            far.inner(true),
        );
        let mut add = |name: &str, value: &str| {
            // writing into a string does not fail
            let _ = writeln!(text, "{name} = {value}");
        };
        if begins.is_none_or(|begins| begins == end) {
            add("Endpoint", &SocketAddr::new(far.outer(v6), far.port()).to_string());
        }
        if psk {
            add("PresharedKey", &PresharedKey::from_bytes([33; 32]).expose_base64());
        }
        if keepalive == Some(end) {
            add("PersistentKeepalive", "1");
        }
        Self { end, text }
    }

    /// The same without knowing where the other end is.
    pub(super) fn without_endpoint(&self) -> Self {
        let lines = self.text.lines().filter(|line| !line.starts_with("Endpoint"));
        Self { end: self.end, text: lines.flat_map(|line| [line, "\n"]).collect() }
    }

    /// Writes it for `wg setconf`, which knows no addresses of devices.
    pub(super) fn write(&self, name: &str) -> Result<PathBuf> {
        write(Path::new("/tmp").join(format!("{name}.conf")), &self.text)
    }

    /// Writes it with the addresses of the device, for a program that makes one.
    pub(super) fn write_with_addresses(&self, name: &str) -> Result<PathBuf> {
        let [v4, v6] = [false, true].map(|v6| self.end.inner(v6));
        let text = format!("[Interface]\nAddress = {v4}/24, {v6}/64\n{}", self.text);
        write(Path::new("/tmp").join(format!("{name}.conf")), &text)
    }
}

fn key(end: End) -> PrivateKey {
    PrivateKey::from_bytes([end.host(); 32])
}

fn write(path: PathBuf, text: &str) -> Result<PathBuf> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
