use std::fmt;

/// One property of a device that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setting {
    /// Largest packet, in bytes.
    Mtu(u32),
    /// Whether neighbours are looked for.
    Arp(bool),
    /// Packets that wait to be sent, at most.
    TxQueueLen(u32),
    /// No IPv6 address by itself.
    NoAutomaticAddress,
    /// Ready to carry packets.
    Up,
}

/// As `ip link set` takes it.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mtu(mtu) => write!(f, "mtu {mtu}"),
            Self::Arp(true) => f.write_str("arp on"),
            Self::Arp(false) => f.write_str("arp off"),
            Self::TxQueueLen(len) => write!(f, "txqueuelen {len}"),
            Self::NoAutomaticAddress => f.write_str("addrgenmode none"),
            Self::Up => f.write_str("up"),
        }
    }
}

/// A link-layer address in the usual form.
pub fn show_mac(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
