//! Observation points, with Cilium's numbers (pkg/monitor/api) and names.

/// Where on its way through the node a packet was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ObservationPoint {
    /// To a local pod.
    ToEndpoint = 0,
    /// To the proxy.
    ToProxy = 1,
    /// To the host.
    ToHost = 2,
    /// To the kernel's network stack.
    ToStack = 3,
    /// To an overlay device.
    ToOverlay = 4,
    /// From a local pod.
    FromEndpoint = 5,
    /// From the proxy.
    FromProxy = 6,
    /// From the host.
    FromHost = 7,
    /// From the kernel's network stack.
    FromStack = 8,
    /// From an overlay device.
    FromOverlay = 9,
    /// From a native device.
    FromNetwork = 10,
    /// To a native device.
    ToNetwork = 11,
    /// From the encryption device, decrypted.
    FromCrypto = 12,
    /// To the encryption device, to be encrypted.
    ToCrypto = 13,
}

impl ObservationPoint {
    /// Every point, by number.
    pub const ALL: [Self; 14] = [
        Self::ToEndpoint,
        Self::ToProxy,
        Self::ToHost,
        Self::ToStack,
        Self::ToOverlay,
        Self::FromEndpoint,
        Self::FromProxy,
        Self::FromHost,
        Self::FromStack,
        Self::FromOverlay,
        Self::FromNetwork,
        Self::ToNetwork,
        Self::FromCrypto,
        Self::ToCrypto,
    ];

    /// The point with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name as `cilium monitor` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToEndpoint => "to-endpoint",
            Self::ToProxy => "to-proxy",
            Self::ToHost => "to-host",
            Self::ToStack => "to-stack",
            Self::ToOverlay => "to-overlay",
            Self::FromEndpoint => "from-endpoint",
            Self::FromProxy => "from-proxy",
            Self::FromHost => "from-host",
            Self::FromStack => "from-stack",
            Self::FromOverlay => "from-overlay",
            Self::FromNetwork => "from-network",
            Self::ToNetwork => "to-network",
            Self::FromCrypto => "from-crypto",
            Self::ToCrypto => "to-crypto",
        }
    }
}
