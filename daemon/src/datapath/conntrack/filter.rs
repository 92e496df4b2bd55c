//! Which connections are meant.

use std::net::IpAddr;

use thiserror::Error;
use wgtrace_tunnel::Prefix;

use super::{Entry, Flow, Protocol, Status};
use crate::datapath::nfnetlink::NetfilterError;

/// Which connections are meant: those for which everything holds that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of this protocol.
    pub protocol: Option<Protocol>,
    /// With an address within, in either direction.
    pub address: Option<Prefix>,
    /// With a port of this number, in either direction.
    pub port: Option<u16>,
    /// From there, as the first packet came.
    pub source: Option<Prefix>,
    /// To there, as the first packet came.
    pub destination: Option<Prefix>,
    /// Answered from there: where the connection ends, behind translation.
    pub reply_source: Option<Prefix>,
    /// Answered to there: by what address the other end knows the first one.
    pub reply_destination: Option<Prefix>,
    /// With these bits of the mark: value and mask.
    pub mark: Option<(u32, u32)>,
    /// With all of these.
    pub status: Status,
}

impl Filter {
    /// Whether a connection is meant.
    pub fn lets_through(&self, entry: &Entry) -> bool {
        let Entry { original, reply, .. } = entry;
        let both: [&Flow; 2] = [original, reply];
        let within = |prefix: Option<Prefix>, address: IpAddr| prefix.is_none_or(|it| it.contains(address));
        let is_within = |prefix: Prefix| {
            both.iter().any(|flow| prefix.contains(flow.source) || prefix.contains(flow.destination))
        };
        self.protocol.is_none_or(|protocol| protocol == original.protocol)
            && self.address.is_none_or(is_within)
            && self.port.is_none_or(|port| both.iter().any(|flow| flow.has_port(port)))
            && within(self.source, original.source)
            && within(self.destination, original.destination)
            && within(self.reply_source, reply.source)
            && within(self.reply_destination, reply.destination)
            && self.mark.is_none_or(|(value, mask)| entry.mark.unwrap_or_default() & mask == value & mask)
            && entry.status.contains(self.status)
    }
}

/// Why connections cannot be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConntrackError {
    /// The filter says nothing.
    #[error("an empty filter would delete every connection of the node: name an address, a port or a mark")]
    Everything,
    /// The kernel does not.
    #[error(transparent)]
    Netfilter(#[from] NetfilterError),
}
