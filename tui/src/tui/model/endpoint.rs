//! One end of a flow.

use std::fmt;
use std::net::IpAddr;

use wgtrace_api::filter;
use wgtrace_api::v1::Party;

use super::{Interner, Name};

/// Address, port, pod and node of one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: u32,
    /// "namespace/name"; empty when it is no pod's.
    pub(crate) pod: Name,
    pub(crate) node: Name,
}

impl Endpoint {
    pub(crate) fn new(party: Option<&Party>, names: &mut Interner) -> Self {
        let (pod, node) = party.map_or(("", ""), |party| (party.pod.as_str(), party.node.as_str()));
        Self {
            address: party.and_then(|party| party.address.parse().ok()),
            port: party.map_or(0, |party| party.port),
            pod: names.name(pod),
            node: names.name(node),
        }
    }

    /// As a filter looks at it.
    pub(crate) fn end(&self) -> filter::End<'_> {
        let address = self.address.map_or(filter::Address::None, filter::Address::Ip);
        filter::End { address, port: self.port, pod: &self.pod, node: &self.node }
    }
}

/// Name and port.
impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            _ if !self.pod.is_empty() => out.write_str(&self.pod)?,
            Some(address) => write!(out, "{address}")?,
            None => out.write_str("?")?,
        }
        if self.port != 0 {
            write!(out, ":{}", self.port)?;
        }
        Ok(())
    }
}
