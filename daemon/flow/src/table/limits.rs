use std::time::Duration;

use super::lists::Class;

/// Bounds of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most flows; a table has room for one at least.
    pub flows: u32,
    /// Silence after which a TCP connection goes, that is neither being opened nor closed.
    pub tcp: Duration,
    /// As `tcp`, before its handshake is complete.
    pub tcp_opening: Duration,
    /// As `tcp`, after one end has sent FIN: the other's may have been lost on its way here.
    pub tcp_closing: Duration,
    /// As `tcp`, after both ends have sent FIN or one RST.
    pub tcp_closed: Duration,
    /// Silence after which UDP and what is neither TCP nor ICMP goes: longer than WireGuard's keepalives and
    /// rekeying need.
    pub datagram: Duration,
    /// Silence after which ICMP goes.
    pub icmp: Duration,
    /// Removed flows that are remembered for [`super::FlowTable::removed_since`].
    pub removed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: 1 << 20,
            tcp: Duration::from_hours(1),
            tcp_opening: Duration::from_mins(1),
            tcp_closing: Duration::from_mins(2),
            tcp_closed: Duration::from_secs(10),
            datagram: Duration::from_mins(3),
            icmp: Duration::from_secs(30),
            removed: 4096,
        }
    }
}

impl Limits {
    pub(super) fn bounded(self) -> Self {
        Self { flows: self.flows.clamp(1, u32::MAX - 1), ..self }
    }

    /// In nanoseconds.
    pub(super) fn timeout(&self, class: Class) -> u64 {
        let timeout = match class {
            Class::Closed => self.tcp_closed,
            Class::Opening => self.tcp_opening,
            Class::Closing => self.tcp_closing,
            Class::Icmp => self.icmp,
            Class::Datagram => self.datagram,
            Class::Tcp => self.tcp,
        };
        u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
    }
}
