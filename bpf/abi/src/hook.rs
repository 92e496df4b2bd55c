//! Where programs are attached.

use crate::ObservationPoint;

/// A place in the node's datapath where a program sees packets. Names are Cilium's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Hook {
    /// Ingress of a pod's host-side device: what the pod sends.
    FromContainer = 0,
    /// Egress of a pod's host-side device: what the pod gets.
    ToContainer = 1,
    /// Egress of `cilium_host`: from the host's stack to pods.
    FromHost = 2,
    /// Ingress of `cilium_host`: to the host's stack.
    ToHost = 3,
    /// Ingress of `cilium_wg0`: decrypted packets.
    FromWireguard = 4,
    /// Egress of `cilium_wg0`: packets about to be encrypted.
    ToWireguard = 5,
    /// Ingress of a native device.
    FromNetdev = 6,
    /// Egress of a native device, before anything behind our program had its say.
    ToNetdev = 7,
    /// What entered a device, read from a packet socket.
    TapIn = 8,
    /// What really left by a device, read from a packet socket behind all tc programs.
    TapOut = 9,
}

impl Hook {
    /// How many there are; numbers are below it.
    pub const COUNT: usize = 10;

    /// Every hook, by number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::FromContainer,
        Self::ToContainer,
        Self::FromHost,
        Self::ToHost,
        Self::FromWireguard,
        Self::ToWireguard,
        Self::FromNetdev,
        Self::ToNetdev,
        Self::TapIn,
        Self::TapOut,
    ];

    /// The hook with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name as it is printed and typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FromContainer => "from-container",
            Self::ToContainer => "to-container",
            Self::FromHost => "from-host",
            Self::ToHost => "to-host",
            Self::FromWireguard => "from-wireguard",
            Self::ToWireguard => "to-wireguard",
            Self::FromNetdev => "from-netdev",
            Self::ToNetdev => "to-netdev",
            Self::TapIn => "tap-in",
            Self::TapOut => "tap-out",
        }
    }

    /// The observation point of its events.
    pub const fn point(self) -> ObservationPoint {
        match self {
            Self::FromContainer => ObservationPoint::FromEndpoint,
            Self::ToContainer => ObservationPoint::ToEndpoint,
            Self::FromHost => ObservationPoint::FromHost,
            Self::ToHost => ObservationPoint::ToHost,
            Self::FromWireguard => ObservationPoint::FromCrypto,
            Self::ToWireguard => ObservationPoint::ToCrypto,
            Self::FromNetdev | Self::TapIn => ObservationPoint::FromNetwork,
            Self::ToNetdev | Self::TapOut => ObservationPoint::ToNetwork,
        }
    }

    /// Whether it is on a tc egress, a tc ingress, or a packet socket.
    pub const fn attachment(self) -> Attachment {
        match self {
            Self::FromContainer | Self::ToHost | Self::FromWireguard | Self::FromNetdev => {
                Attachment::Ingress
            }
            Self::ToContainer | Self::FromHost | Self::ToWireguard | Self::ToNetdev => Attachment::Egress,
            Self::TapIn | Self::TapOut => Attachment::Socket,
        }
    }
}

/// How a hook's program gets its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attachment {
    /// tc (or TCX) ingress.
    Ingress,
    /// tc (or TCX) egress.
    Egress,
    /// Socket filter of a packet socket.
    Socket,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DropReason, ObservationPoint, PacketType, Verdict, names};

    #[test]
    fn numbers_lead_back_to_what_they_are_of() {
        assert!(Hook::ALL.into_iter().all(|hook| Hook::from_number(hook.number()) == Some(hook)));
        assert!(ObservationPoint::ALL.into_iter().all(|p| ObservationPoint::from_number(p as u8) == Some(p)));
        assert!(Verdict::ALL.into_iter().all(|verdict| Verdict::from_number(verdict as u8) == Some(verdict)));
        assert!(PacketType::ALL.into_iter().all(|kind| PacketType::from_number(kind as u8) == Some(kind)));
        assert_eq!(DropReason::UNENCRYPTED.words(), Some("Traffic is unencrypted"));
    }

    #[test]
    fn program_names_are_whole_in_the_kernel() {
        // linux: BPF_OBJ_NAME_LEN is 16, its final zero included
        let forwarders = Hook::ALL.into_iter().filter_map(names::forwarder);
        for program in Hook::ALL.map(names::program).into_iter().chain(forwarders) {
            assert!(program.len() < 16 && program.starts_with(names::PROGRAM_PREFIX), "{program}");
        }
    }
}
