//! What the runtime asks for, in environment variables.

use std::collections::BTreeMap;

use crate::error::{CniError, Code};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Give the container an interface.
    Add,
    /// Take it back.
    Del,
    /// See whether it is as it should be.
    Check,
    /// Say which versions are understood.
    Version,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub command: Command,
    /// The container, as its runtime calls it; empty for VERSION.
    pub container_id: String,
    /// Its interface; empty for VERSION.
    pub interface: String,
    /// Path of its network namespace; DEL may come without.
    pub netns: String,
    /// `CNI_ARGS`, by key.
    pub arguments: BTreeMap<String, String>,
}

impl Request {
    /// Reads the variables that `variable` knows.
    ///
    /// # Errors
    /// When one is missing or cannot be, which is then named.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, CniError> {
        let environment = |message: String| CniError::new(Code::InvalidEnvironment, message);
        let command = match variable("CNI_COMMAND").unwrap_or_default().as_str() {
            "ADD" => Command::Add,
            "DEL" => Command::Del,
            "CHECK" => Command::Check,
            "VERSION" => Command::Version,
            "" => {
                let text = "CNI_COMMAND is not set: this program is run by container runtimes, not by people";
                return Err(environment(text.to_owned()));
            }
            other => {
                return Err(environment(format!(
                    "CNI_COMMAND={other:?} is not supported: ADD, DEL, CHECK and VERSION are"
                )));
            }
        };
        let needed = |name: &str, is_needed: bool| match variable(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ if is_needed => Err(environment(format!("{name} is not set"))),
            _ => Ok(String::new()),
        };
        let is_about_one = command != Command::Version;
        Ok(Self {
            command,
            container_id: needed("CNI_CONTAINERID", is_about_one)?,
            interface: needed("CNI_IFNAME", is_about_one)?,
            netns: needed("CNI_NETNS", is_about_one && command != Command::Del)?,
            arguments: arguments(&variable("CNI_ARGS").unwrap_or_default())?,
        })
    }

    /// One of `CNI_ARGS`, or the empty text.
    pub fn argument(&self, key: &str) -> &str {
        self.arguments.get(key).map_or("", String::as_str)
    }
}

fn arguments(text: &str) -> Result<BTreeMap<String, String>, CniError> {
    let malformed = |part: &str| {
        let message = format!("CNI_ARGS: {part:?} is not of the form KEY=VALUE");
        CniError::new(Code::InvalidEnvironment, message)
    };
    let parts = text.split(';').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').ok_or_else(|| malformed(part)))
        .map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Request, CniError> {
        Request::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_address_can_be_asked_for() {
        let request = read(&[
            ("CNI_COMMAND", "ADD"),
            ("CNI_CONTAINERID", "6f1d"),
            ("CNI_IFNAME", "eth0"),
            ("CNI_NETNS", "/run/netns/pod"),
            ("CNI_ARGS", "IgnoreUnknown=1;IP=10.0.1.54;K8S_POD_NAME=net"),
        ])
        .unwrap();
        assert_eq!((request.argument("IP"), request.argument("K8S_POD_NAME")), ("10.0.1.54", "net"));
        assert_eq!(request.argument("K8S_POD_NAMESPACE"), "");
    }

    #[test]
    fn a_missing_variable_is_named() {
        let variables = [("CNI_COMMAND", "ADD"), ("CNI_CONTAINERID", "6f1d"), ("CNI_IFNAME", "eth0")];
        assert_eq!(read(&variables).unwrap_err().message, "CNI_NETNS is not set");
        let [_, container, interface] = variables;
        assert!(read(&[("CNI_COMMAND", "DEL"), container, interface]).is_ok());
        assert!(read(&[("CNI_COMMAND", "VERSION")]).is_ok());
        assert_eq!(read(&[]).unwrap_err().code, Code::InvalidEnvironment);
        assert_eq!(read(&[("CNI_COMMAND", "GC")]).unwrap_err().code, Code::InvalidEnvironment);
    }
}
