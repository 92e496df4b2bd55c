//! What the network's administrator wrote.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{CniError, Code};

/// Versions of the specification that are understood, the oldest first.
pub const SUPPORTED: [&str; 4] = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
/// The version that is answered in when none is known.
pub(crate) const NEWEST: &str = "1.0.0";

/// A network configuration, as far as it concerns this plugin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Version that the answer is to have.
    pub cni_version: String,
    /// The network's name.
    #[serde(default)]
    pub name: String,
    /// The daemon's socket.
    #[serde(default = "socket")]
    pub socket: PathBuf,
    /// Where deletions wait for a daemon.
    #[serde(default = "queue")]
    pub queue: PathBuf,
    /// What an earlier ADD answered.
    #[serde(default)]
    pub prev_result: Option<Value>,
}

impl Config {
    /// Reads what the runtime wrote to standard input.
    ///
    /// # Errors
    /// When it is not JSON, not a configuration, or of a version that is not known.
    pub fn parse(input: &[u8]) -> Result<Self, CniError> {
        let value: Value = serde_json::from_slice(input).map_err(|error| {
            CniError::new(Code::Decode, format!("the network configuration is not JSON: {error}"))
        })?;
        let config: Self = serde_json::from_value(value)
            .map_err(|error| CniError::new(Code::InvalidConfig, format!("network configuration: {error}")))?;
        if SUPPORTED.contains(&config.cni_version.as_str()) {
            return Ok(config);
        }
        let message = format!(
            "cniVersion {:?} is not supported: {} are; change the network configuration",
            config.cni_version,
            SUPPORTED.join(", ")
        );
        Err(CniError::new(Code::IncompatibleVersion, message))
    }
}

fn socket() -> PathBuf {
    wgtrace_api::SOCKET.into()
}

fn queue() -> PathBuf {
    "/var/lib/wgtrace/deletions".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_configuration_has_its_number() {
        let code = |text: &str| Config::parse(text.as_bytes()).unwrap_err().code;
        assert_eq!(code(""), Code::Decode);
        assert_eq!(code("{\"cniVersion\": \"1.0.0\""), Code::Decode);
        assert_eq!(code("[]"), Code::InvalidConfig);
        assert_eq!(code("{\"cniVersion\": 1}"), Code::InvalidConfig);
        assert_eq!(code("{\"cniVersion\": \"0.1.0\"}"), Code::IncompatibleVersion);
    }

    #[test]
    fn what_other_plugins_need_is_passed_over() {
        let text = r#"{"cniVersion": "0.4.0", "name": "pods", "type": "wgtrace-cni", "ipam": {"type": "x"},
            "socket": "/run/a.sock", "queue": "/var/q"}"#;
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!((config.name.as_str(), config.cni_version.as_str()), ("pods", "0.4.0"));
        assert_eq!(config.socket, PathBuf::from("/run/a.sock"));
    }
}
