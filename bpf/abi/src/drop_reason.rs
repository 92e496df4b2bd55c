//! Why packets are dropped, with Cilium's numbers and words (pkg/monitor/api/drop.go).

use core::fmt;

/// A drop reason; [`Display`](fmt::Display) gives its words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DropReason(pub u8);

impl DropReason {
    /// A pod sent from an address that is not its own.
    pub const INVALID_SOURCE_IP: Self = Self(132);
    /// Denied by policy.
    pub const POLICY_DENIED: Self = Self(133);
    /// Headers that cannot be.
    pub const INVALID_PACKET: Self = Self(134);
    /// Neither IPv4, IPv6 nor ARP.
    pub const UNSUPPORTED_L3: Self = Self(139);
    /// The packet could not be changed.
    pub const WRITE_ERROR: Self = Self(141);
    /// A destination that nobody has.
    pub const UNROUTABLE: Self = Self(151);
    /// No Ethernet header where one belongs.
    pub const UNSUPPORTED_L2: Self = Self(166);
    /// What has to be encrypted is not.
    pub const UNENCRYPTED: Self = Self(195);
    /// The packet came too far.
    pub const TTL_EXCEEDED: Self = Self(196);
    /// The datapath is not set up yet.
    pub const HOST_NOT_READY: Self = Self(202);
    /// The device to send by is not there.
    pub const NO_DEVICE: Self = Self(206);

    /// Cilium's words; `None` for a number that has none here.
    pub fn words(self) -> Option<&'static str> {
        WORDS.iter().find(|(number, _)| *number == self.0).map(|(_, words)| *words)
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            Some(words) => out.write_str(words),
            None => write!(out, "reason {}", self.0),
        }
    }
}

impl fmt::Debug for DropReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({self})", self.0)
    }
}

const WORDS: [(u8, &str); 34] = [
    (132, "Invalid source ip"),
    (133, "Policy denied"),
    (134, "Invalid packet"),
    (135, "CT: Truncated or invalid header"),
    (136, "Fragmentation needed"),
    (137, "CT: Unknown L4 protocol"),
    (139, "Unsupported L3 protocol"),
    (140, "Missed tail call"),
    (141, "Error writing to packet"),
    (142, "Unknown L4 protocol"),
    (143, "Unknown ICMPv4 code"),
    (144, "Unknown ICMPv4 type"),
    (145, "Unknown ICMPv6 code"),
    (146, "Unknown ICMPv6 type"),
    (150, "Unknown L3 target address"),
    (151, "Stale or unroutable IP"),
    (153, "Error while correcting L3 checksum"),
    (154, "Error while correcting L4 checksum"),
    (155, "CT: Map insertion failed"),
    (157, "IP fragmentation not supported"),
    (158, "Service backend not found"),
    (163, "Unknown connection tracking state"),
    (164, "Local host is unreachable"),
    (166, "Unsupported L2 protocol"),
    (169, "FIB lookup failed"),
    (171, "Invalid identity"),
    (175, "First logical datagram fragment not found"),
    (181, "Policy denied by denylist"),
    (184, "Failed to update or lookup TC buffer"),
    (195, "Traffic is unencrypted"),
    (196, "TTL exceeded"),
    (197, "No node ID found"),
    (202, "Host datapath not ready"),
    (206, "No device"),
];
