use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wgtrace_decrypt::key::{self, PublicKey};
use wgtrace_tunnel::Prefix;

use super::{Name, NameError};
use crate::config::Network;

/// What a node says of itself.
///
/// ```json
/// {
///   "name": "cilium-wireguard-worker",
///   "addresses": ["172.18.0.3"],
///   "pod-cidrs": ["10.0.1.0/24"],
///   "public-key": "IBO/gvSTtNAvy9pVytKFWIYiaWVooOr78vwpwRtShXE=",
///   "port": 51871
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// Its addresses, at least one.
    pub addresses: Vec<IpAddr>,
    /// The networks of its pods.
    pub pod_cidrs: Vec<Prefix>,
    /// Its WireGuard key; without one nothing can be encrypted for it.
    pub public_key: Option<PublicKey>,
    /// The port it listens on for WireGuard.
    pub port: u16,
}

impl Entry {
    /// The longest that one may be, in bytes.
    pub const MOST_BYTES: u64 = 64 << 10;

    /// Reads JSON. Keys that are not known belong to newer versions and are passed over.
    ///
    /// # Errors
    /// When it is none, or says nothing that could be true.
    pub fn parse(json: &[u8]) -> Result<Self, EntryError> {
        let written: Written =
            serde_json::from_slice(json).map_err(|error| EntryError::NotJson(error.to_string()))?;
        let Written { name, addresses, pod_cidrs, public_key, port } = written;
        let name = name.parse()?;
        if addresses.is_empty() {
            return Err(EntryError::NoAddress);
        }
        if addresses.len() > MOST_ADDRESSES || pod_cidrs.len() > MOST_NETWORKS {
            return Err(EntryError::TooMany);
        }
        if let Some(addr) = addresses.iter().find(|addr| !is_unicast(**addr)) {
            return Err(EntryError::Address(*addr));
        }
        let public_key = public_key.map(|text| public_key_of(&text)).transpose()?;
        if port == 0 {
            return Err(EntryError::Port);
        }
        let pod_cidrs = pod_cidrs.into_iter().map(|network| network.0).collect();
        Ok(Self { name, addresses, pod_cidrs, public_key, port })
    }

    /// Writes JSON.
    pub fn json(&self) -> String {
        let written = Told {
            name: self.name.as_str(),
            addresses: &self.addresses,
            pod_cidrs: self.pod_cidrs.iter().map(ToString::to_string).collect(),
            public_key: self.public_key.as_ref().map(ToString::to_string),
            port: self.port,
        };
        // Nothing of it is a map with other keys than strings, which is all that could fail.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    name: String,
    addresses: Vec<IpAddr>,
    pod_cidrs: Vec<Network>,
    public_key: Option<String>,
    #[serde(default = "usual_port")]
    port: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'a> {
    name: &'a str,
    addresses: &'a [IpAddr],
    pod_cidrs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    port: u16,
}

fn public_key_of(text: &str) -> Result<PublicKey, EntryError> {
    let bytes = Some(text).filter(|text| text.len() == 44).and_then(key::parse).ok_or(EntryError::Key)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(EntryError::Key);
    }
    Ok(PublicKey::from_bytes(*bytes))
}

fn is_unicast(addr: IpAddr) -> bool {
    let is_broadcast = matches!(addr, IpAddr::V4(addr) if addr.is_broadcast());
    !(addr.is_unspecified() || addr.is_loopback() || addr.is_multicast() || is_broadcast)
}

fn usual_port() -> u16 {
    51871
}

/// Why some bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Not JSON, or not of this shape.
    #[error("not an entry, or one that is still being written: {0}")]
    NotJson(String),
    /// Its name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No address.
    #[error("a node without an address")]
    NoAddress,
    /// More than any node has.
    #[error("more than {MOST_ADDRESSES} addresses or {MOST_NETWORKS} networks of pods")]
    TooMany,
    /// No address of a node.
    #[error("{0} is no address that can be sent to")]
    Address(IpAddr),
    /// Its key.
    #[error("public-key is no WireGuard key, which is 44 characters of base64 and not zero")]
    Key,
    /// Its port.
    #[error("0 is no port that can be sent to")]
    Port,
}

const MOST_ADDRESSES: usize = 16;
const MOST_NETWORKS: usize = 64;
