//! What becomes of pods' packets: who gets them, who must not, and what has to be encrypted.
//!
//! One function for each hook, from a packet, what the kernel knows of it, and the tables that user space
//! fills, to a [`Decision`], which is put into a [`Sink`] exactly once. Whatever is not known is closed: without settings, without a place, without a device
//! nothing is sent.
//!
//! ```
//! use wgtrace_abi::{Address, DropReason, forward::{Endpoint, Origin, Place, Settings}};
//! use wgtrace_bpf::forward::{self, Decision, Meta, Tables};
//!
//! struct Nothing;
//! impl Tables for Nothing {
//!     fn settings(&self) -> Option<&Settings> { None }
//!     fn origin(&self, _: u32) -> Option<&Origin> { None }
//!     fn endpoint(&self, _: &Address) -> Option<&Endpoint> { None }
//!     fn place(&self, _: &Address) -> Option<&Place> { None }
//! }
//! let mut decision = None;
//! forward::from_container(&[0; 60][..], &Meta::default(), &Nothing, &mut decision);
//! assert_eq!(decision, Some(Decision::Drop(DropReason::HOST_NOT_READY)));
//! ```

mod addresses;
mod arp;
mod container;
mod guard;
mod head;
mod host;
mod wireguard;

use core::num::NonZeroU8;

use wgtrace_abi::forward::{Endpoint, Origin, Place, PlaceKind, Settings};
use wgtrace_abi::{Address, DropReason, Mark};

pub use self::arp::ARP_LEN;
pub use self::container::{from_container, to_container};
pub use self::guard::{from_netdev, to_netdev};
pub use self::head::{HEAD_LEN, Head};
pub use self::host::{from_host, to_host};
pub use self::wireguard::{from_wireguard, to_wireguard};

use crate::headers::Start;

/// What the kernel knows of a packet that is not in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// The device it is at.
    pub ifindex: u32,
    /// Its mark so far.
    pub mark: Mark,
    /// It has a VLAN tag in the metadata.
    pub tagged: bool,
    /// What its bytes start with.
    pub start: Start,
}

impl Default for Meta {
    fn default() -> Self {
        Self { ifindex: 0, mark: Mark(0), tagged: false, start: Start::Ethernet }
    }
}

/// What user space fills; in the kernel, maps.
pub trait Tables {
    /// What is true of the node, if it is there at all.
    fn settings(&self) -> Option<&Settings>;
    /// Whose packets come in by the device with this index.
    fn origin(&self, ifindex: u32) -> Option<&Origin>;
    /// The local pod with this address.
    fn endpoint(&self, address: &Address) -> Option<&Endpoint>;
    /// The longest prefix that holds this address; `None` for the world.
    fn place(&self, address: &Address) -> Option<&Place>;
}

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It goes on as it is, with this mark.
    Pass(Mark),
    /// It goes up the host's stack.
    Stack {
        /// Its first bytes from now on.
        head: Head,
        /// Its mark from now on.
        mark: Mark,
    },
    /// It goes out by a local pod's device, without a mark.
    Deliver {
        /// Its first bytes from now on.
        head: Head,
        /// The host's end of the pod's cable.
        ifindex: u32,
    },
    /// It goes into the tunnel, as it is but for its mark.
    Encrypt {
        /// The tunnel's device.
        ifindex: u32,
    },
    /// It becomes the answer to itself, and goes out by the device it came in by.
    Answer {
        /// Its first bytes from now on.
        frame: [u8; ARP_LEN],
        /// That device.
        ifindex: u32,
    },
    /// It ends here.
    Drop(DropReason),
}

impl Decision {
    /// Whether the packet is in clear and has to be encrypted: what passes a native device in spite of this is a leak.
    #[inline(always)]
    pub fn wants_encryption(&self) -> bool {
        match self {
            Self::Encrypt { .. } => true,
            Self::Drop(reason) => matches!(*reason, DropReason::UNENCRYPTED | DropReason::NO_DEVICE),
            Self::Pass(_) | Self::Stack { .. } | Self::Deliver { .. } | Self::Answer { .. } => false,
        }
    }
}

/// Where decisions go.
///
/// They are not returned: of ways that come together with different decisions, compilers make one value whose parts
/// are not all there, and verifiers refuse to see it read.
pub trait Sink {
    /// Takes the decision about the packet at hand.
    fn put(&mut self, decision: Decision);
}

impl Sink for Option<Decision> {
    fn put(&mut self, decision: Decision) {
        *self = Some(decision);
    }
}

/// What was put already, or why the packet is dropped: one byte, all of it there.
type Done = Result<(), Because>;

/// The number of a drop reason, which is never 0.
#[derive(Clone, Copy)]
struct Because(NonZeroU8);

impl From<DropReason> for Because {
    #[inline(always)]
    fn from(DropReason(number): DropReason) -> Self {
        Self(NonZeroU8::new(number).unwrap_or(NonZeroU8::MAX))
    }
}

/// Drops the packet unless something else was decided.
#[inline(always)]
fn or_drop<S: Sink>(done: Done, sink: &mut S) {
    if let Err(Because(reason)) = done {
        sink.put(Decision::Drop(DropReason(reason.get())));
    }
}

/// What an address is; `None` is the world.
#[inline(always)]
fn kind<T: Tables>(tables: &T, address: &Address) -> Option<PlaceKind> {
    tables.place(address).map(Place::kind)
}

/// Settings, once there are any.
#[inline(always)]
fn settings<T: Tables>(tables: &T) -> Result<&Settings, DropReason> {
    match tables.settings() {
        Some(settings) if settings.has(Settings::READY) => Ok(settings),
        _ => Err(DropReason::HOST_NOT_READY),
    }
}

/// Out by a local pod's device: one hop more, to the pod's own address.
#[inline(always)]
fn deliver<S: Sink>(head: Head, endpoint: &Endpoint, sink: &mut S) -> Done {
    head.check_hops()?;
    let head = head.one_hop_less().addressed(endpoint.mac, endpoint.host_mac);
    sink.put(Decision::Deliver { head, ifindex: endpoint.ifindex });
    Ok(())
}
