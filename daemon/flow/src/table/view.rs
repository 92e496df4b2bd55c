use std::net::IpAddr;
use std::time::Duration;

use wgtrace_wire::Protocol;
use wgtrace_wire::tcp::Flags;

use super::bits::Phase;
use super::drops::FlowDrop;
use super::entry::{Count, Entry, Slot};
use super::meter;
use super::places::{Place, Places};
use super::{FlowId, Generation};
use crate::key::{Direction, FlowKey};

/// A flow of the table. Directions are those of [`FlowKey`]; [`Flow::forward`] is the initiator's.
#[derive(Debug, Clone, Copy)]
pub struct Flow<'a> {
    pub(super) id: FlowId,
    pub(super) entry: &'a Entry,
    pub(super) places: &'a Places,
    pub(super) more: &'a [Slot],
    pub(super) drops: &'a [FlowDrop],
}

/// How far a TCP connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TcpState {
    /// The initiator sent SYN.
    SynSent,
    /// The responder sent SYN and ACK.
    SynReceived,
    /// The handshake is complete, or was before the first packet that was seen.
    Established,
    /// One end sent FIN.
    Closing,
    /// Both did.
    Closed,
    /// One end sent RST.
    Reset,
}

impl TcpState {
    /// The name as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::SynSent => "syn-sent",
            Self::SynReceived => "syn-received",
            Self::Established => "established",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Reset => "reset",
        }
    }
}

/// A round trip, seen from one interface between the ends; to 64 ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtt {
    /// From that interface to the responder and back: SYN to SYN and ACK, or echo request to reply.
    pub responder: Duration,
    /// From that interface to the initiator and back: SYN and ACK to the first ACK.
    pub initiator: Option<Duration>,
}

impl Rtt {
    /// Between the ends, where both parts are known.
    pub fn total(&self) -> Option<Duration> {
        self.initiator.map(|initiator| initiator.saturating_add(self.responder))
    }
}

/// A flow's counters at one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookCount {
    /// Where.
    pub place: Place,
    /// From initiator to responder.
    pub forward: Count,
    /// From responder to initiator.
    pub backward: Count,
    /// First packet there: nanoseconds since boot, whole microseconds.
    pub first: u64,
    /// Last packet there.
    pub last: u64,
}

impl<'a> Flow<'a> {
    /// Its name in the table.
    pub fn id(&self) -> FlowId {
        self.id
    }

    /// Its key.
    pub fn key(&self) -> &'a FlowKey {
        &self.entry.key
    }

    /// Its IP protocol.
    pub fn protocol(&self) -> Protocol {
        self.entry.key.protocol()
    }

    /// The generation of its newest packet.
    pub fn generation(&self) -> Generation {
        Generation(self.entry.generation)
    }

    /// The direction from the initiator (who sent SYN or the echo request, else who was seen first) to the
    /// responder.
    pub fn forward(&self) -> Direction {
        self.entry.bits.forward()
    }

    /// Addresses of initiator and responder.
    pub fn addresses(&self) -> (IpAddr, IpAddr) {
        self.entry.key.addresses(self.forward())
    }

    /// Ports of initiator and responder.
    pub fn ports(&self) -> Option<(u16, u16)> {
        self.entry.key.ports(self.forward())
    }

    /// Its counters, hook by hook in the order in which they were first passed.
    pub fn hooks(&self) -> impl Iterator<Item = HookCount> + use<'a> {
        let (places, forward) = (self.places, self.forward());
        self.slots().filter_map(move |slot| {
            Some(HookCount {
                place: *places.get(slot.place())?,
                forward: slot.count(forward),
                backward: slot.count(forward.reverse()),
                first: slot.first(),
                last: slot.last(),
            })
        })
    }

    /// First packet at any hook: nanoseconds since boot, whole microseconds.
    pub fn first_seen(&self) -> u64 {
        self.slots().map(Slot::first).min().unwrap_or(0)
    }

    /// Last packet at any hook.
    pub fn last_seen(&self) -> u64 {
        self.slots().map(Slot::last).max().unwrap_or(0)
    }

    /// State of the connection; `None` for other protocols.
    pub fn tcp_state(&self) -> Option<TcpState> {
        self.entry.bits.state()
    }

    /// Control bits that the end which sends in `direction` has set in this connection.
    pub fn tcp_flags(&self, direction: Direction) -> Flags {
        self.entry.bits.flags(direction)
    }

    /// Segments in `direction` that went back behind what was seen before at the same hook.
    ///
    /// Reordering on the way to that hook counts alike; keepalives and bare acknowledgments do not. At most 2^24 - 1.
    pub fn retransmissions(&self, direction: Direction) -> u32 {
        self.entry.followed(direction).retransmitted()
    }

    /// The round trip of the handshake, or of the last echo that was answered.
    pub fn rtt(&self) -> Option<Rtt> {
        let [first, second] = self.entry.clocks;
        if self.entry.key.echo_id().is_some() {
            let responder = (second != 0).then(|| meter::duration(second))?;
            return Some(Rtt { responder, initiator: None });
        }
        let (responder, initiator) = match self.entry.bits.phase() {
            Phase::Idle | Phase::Asked => return None,
            Phase::Answered => (first, None),
            Phase::Done => (first, Some(second).filter(|clock| *clock != 0)),
        };
        Some(Rtt { responder: meter::duration(responder), initiator: initiator.map(meter::duration) })
    }

    /// What was dropped of it, by reason and hook in the order in which they first came.
    pub fn drops(&self) -> &'a [FlowDrop] {
        self.drops
    }

    /// Whether WireGuard messages were among its packets.
    pub fn is_wireguard(&self) -> bool {
        self.entry.bits.is_wireguard()
    }

    fn slots(&self) -> impl Iterator<Item = &'a Slot> + use<'a> {
        self.entry.slots().iter().chain(self.more)
    }
}
