use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! losses {
    ($($(#[$doc:meta])+ $loss:ident: $text:literal,)+) => {
        /// What the device loses outside the protocol, by cause; the protocol counts its own
        /// ([`wgtrace_tunnel::DropCause`]).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Loss {
            $($(#[$doc])+ $loss,)+
        }

        impl Loss {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$loss),+];

            /// What happened, in a few words.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$loss => $text,)+
                }
            }
        }
    };
}

losses! {
    /// A packet from the TUN with headers that contradict its offload.
    MalformedSuperPacket: "super-packet from the TUN not understood",
    /// A read from the TUN failed.
    TunRead: "reading from the TUN failed",
    /// A message of the device itself that routes led back into it: sealed again, it would never stop.
    RoutingLoop: "the route to a peer's endpoint leads into the tunnel",
    /// A packet that the TUN did not take: no memory, or the interface is down.
    TunWrite: "the TUN refused a packet",
    /// A message that the socket did not take: no route, no memory.
    UdpSend: "the UDP socket refused a message",
    /// Receiving failed.
    UdpReceive: "receiving from the UDP socket failed",
    /// An event that a subscriber was too slow for.
    Subscriber: "a subscriber was too slow for an event",
}

/// Counters of every cause, shared by all threads.
#[derive(Debug)]
pub struct Losses([AtomicU64; Loss::ALL.len()]);

impl Losses {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(super) fn add(&self, loss: Loss, n: u64) {
        if let Some(count) = self.0.get(loss as usize) {
            count.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Each cause and how often it has struck.
    pub fn counts(&self) -> impl Iterator<Item = (Loss, u64)> {
        Loss::ALL.iter().copied().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}
