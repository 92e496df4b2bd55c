//! One direction of a connection.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::Protocol;

/// What the packets of one direction have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Where they come from.
    pub source: IpAddr,
    /// Where they go.
    pub destination: IpAddr,
    /// Their protocol.
    pub protocol: Protocol,
    /// What tells them from others between the same addresses.
    pub ports: Ports,
}

/// What tells packets from others between the same addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Nothing.
    None,
    /// Ports; GRE's keys.
    Ports {
        /// Of the source.
        source: u16,
        /// Of the destination.
        destination: u16,
    },
    /// ICMP, of either family.
    Echo {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
        /// The identifier of a conversation.
        id: u16,
    },
}

impl Flow {
    /// Between nowhere and nowhere, until it is known better.
    pub(super) const UNKNOWN: Self = Self {
        source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        protocol: Protocol(0),
        ports: Ports::None,
    };

    /// Whether a port of it has this number.
    pub fn has_port(&self, port: u16) -> bool {
        matches!(self.ports, Ports::Ports { source, destination } if source == port || destination == port)
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src={} dst={}", self.source, self.destination)?;
        match self.ports {
            Ports::None => Ok(()),
            Ports::Ports { source, destination } if self.protocol == Protocol::GRE => {
                write!(f, " srckey={source:#x} dstkey={destination:#x}")
            }
            Ports::Ports { source, destination } => write!(f, " sport={source} dport={destination}"),
            Ports::Echo { kind, code, id } => write!(f, " type={kind} code={code} id={id}"),
        }
    }
}
