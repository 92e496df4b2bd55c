//! One endpoint.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Names an endpoint: the container as its runtime calls it, and the interface inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawKey")]
pub struct EndpointKey {
    container_id: String,
    interface: String,
}

impl EndpointKey {
    /// A key of these names.
    ///
    /// # Errors
    /// When one of them is not what the CNI specification lets it be.
    pub fn new(container_id: &str, interface: &str) -> Result<Self, KeyError> {
        let is_id = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
                && text.len() <= MOST_ID
        };
        if !is_id(container_id) {
            return Err(KeyError::ContainerId(shortened(container_id)));
        }
        // linux: dev_valid_name
        let is_name = !matches!(interface, "" | "." | "..")
            && interface.len() < 16
            && interface.chars().all(|c| c.is_ascii_graphic() && !"/:".contains(c));
        if !is_name {
            return Err(KeyError::Interface(shortened(interface)));
        }
        Ok(Self { container_id: container_id.to_owned(), interface: interface.to_owned() })
    }

    /// The container.
    pub fn container_id(&self) -> &str {
        &self.container_id
    }

    /// Its interface.
    pub fn interface(&self) -> &str {
        &self.interface
    }
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "container {} ({})", self.container_id, self.interface)
    }
}

#[derive(Deserialize)]
struct RawKey {
    container_id: String,
    interface: String,
}

impl TryFrom<RawKey> for EndpointKey {
    type Error = KeyError;

    fn try_from(raw: RawKey) -> Result<Self, KeyError> {
        Self::new(&raw.container_id, &raw.interface)
    }
}

/// Why something names no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// CNI 1.0, parameters: alphanumeric first, then also `_`, `.`, `-`.
    #[error(
        "`{0}` is not a container ID: letters, digits, `_`, `.`, `-`, at most {MOST_ID}, the first a letter or digit"
    )]
    ContainerId(String),
    /// Not a name for an interface.
    #[error("`{0}` cannot name an interface: 1 to 15 printable characters, none of them `/` or `:`")]
    Interface(String),
}

/// An endpoint as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its name.
    pub key: EndpointKey,
    /// Path of its network namespace when it was added.
    pub netns: PathBuf,
    /// Its address.
    pub address: Ipv4Addr,
    /// The device in the node's namespace.
    pub host_device: String,
    /// Link-layer address inside.
    pub mac: [u8; 6],
    /// Link-layer address of the node's device.
    pub host_mac: [u8; 6],
    /// Name of the pod, or empty.
    pub pod: String,
    /// Its namespace, or empty.
    pub namespace: String,
}

fn shortened(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

const MOST_ID: usize = 255;
