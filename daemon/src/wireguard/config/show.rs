use std::fmt;

use super::{Config, Endpoint};

impl Config {
    /// The text that [`str::parse`] makes the same configuration of, private keys included.
    pub fn expose(&self) -> zeroize::Zeroizing<String> {
        let mut text = zeroize::Zeroizing::new(String::new());
        // Writing into a string does not fail.
        let _ = self.write(&mut *text);
        text
    }

    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let interface = &self.interface;
        writeln!(out, "[Interface]")?;
        if let Some(port) = interface.listen_port {
            writeln!(out, "ListenPort = {port}")?;
        }
        if let Some(mark) = interface.fwmark {
            writeln!(out, "FwMark = {mark:#x}")?;
        }
        if let Some(key) = &interface.private_key {
            writeln!(out, "PrivateKey = {}", *key.expose_base64())?;
        }
        for address in &interface.addresses {
            writeln!(out, "Address = {}/{}", address.addr, address.len)?;
        }
        if let Some(mtu) = interface.mtu {
            writeln!(out, "MTU = {mtu}")?;
        }
        for peer in &self.peers {
            writeln!(out, "\n[Peer]\nPublicKey = {}", peer.public_key)?;
            if let Some(psk) = &peer.preshared_key {
                writeln!(out, "PresharedKey = {}", *psk.expose_base64())?;
            }
            for prefix in &peer.allowed_ips {
                writeln!(out, "AllowedIPs = {prefix}")?;
            }
            if let Some(endpoint) = &peer.endpoint {
                writeln!(out, "Endpoint = {endpoint}")?;
            }
            if let Some(seconds) = peer.persistent_keepalive {
                writeln!(out, "PersistentKeepalive = {seconds}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(addr) => addr.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}
