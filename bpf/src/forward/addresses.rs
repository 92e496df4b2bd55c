use wgtrace_abi::Address;

use super::Meta;
use super::head::{FRAME_LEN, Frame, IPV4, IPV6};
use crate::headers::Start;
use crate::{OutOfBounds, Packet};

/// From where to where a packet goes, of either family.
pub(super) struct Addresses {
    pub(super) from: Address,
    pub(super) to: Address,
    /// UDP ports, of a packet that has them.
    at: usize,
    is_udp: bool,
}

/// Why there are none.
pub(super) enum Missing {
    /// It is not IP.
    NotIp,
    /// There is an IP header, or should be, and it is broken.
    Broken,
    /// More tags than are looked behind.
    TooDeep,
}

impl From<OutOfBounds> for Missing {
    #[inline(always)]
    fn from(OutOfBounds: OutOfBounds) -> Self {
        Self::Broken
    }
}

impl Addresses {
    #[inline(always)]
    pub(super) fn read<P: Packet + ?Sized>(packet: &P, meta: &Meta) -> Result<Self, Missing> {
        if meta.start == Start::Ethernet
            && let Ok(bytes) = packet.head()
            && let Some(addresses) = Self::plain(&Frame::new(bytes))
        {
            return Ok(addresses);
        }
        let start = match meta.start {
            Start::Ip => 0,
            Start::Ethernet => network(packet)?,
        };
        let first: [u8; 20] = packet.read(start)?;
        let [version, _, _, _, _, _, part_high, part_low, _, protocol, _, _, ref ends @ ..] = first;
        let &[s0, s1, s2, s3, d0, d1, d2, d3] = ends;
        match version >> 4 {
            4 => Ok(Self {
                from: Address::v4([s0, s1, s2, s3]),
                to: Address::v4([d0, d1, d2, d3]),
                at: start.wrapping_add(usize::from(version & 0x0f) * 4),
                // of a later fragment, there are none
                is_udp: protocol == UDP && u16::from_be_bytes([part_high, part_low]) << 3 == 0,
            }),
            6 => {
                let [.., next, _] = packet.read::<8>(start)?;
                Ok(Self {
                    from: Address(packet.read(start.wrapping_add(8))?),
                    to: Address(packet.read(start.wrapping_add(24))?),
                    at: start.wrapping_add(40),
                    is_udp: next == UDP,
                })
            }
            _ => Err(Missing::Broken),
        }
    }

    /// Of nearly every packet: IPv4 without tags and options, read in one go.
    #[inline(always)]
    fn plain(frame: &Frame) -> Option<Self> {
        (frame.ethertype() == IPV4 && frame.is_plain()).then(|| Self {
            from: frame.from(),
            to: frame.to(),
            at: FRAME_LEN,
            is_udp: frame.protocol() == UDP && frame.is_first_part(),
        })
    }

    /// The UDP port it comes from.
    #[inline(always)]
    pub(super) fn source_port<P: Packet + ?Sized>(&self, packet: &P) -> Option<u16> {
        if !self.is_udp {
            return None;
        }
        packet.read(self.at).ok().map(u16::from_be_bytes)
    }
}

/// Where the network header is, behind at most two tags.
#[inline(always)]
fn network<P: Packet + ?Sized>(packet: &P) -> Result<usize, Missing> {
    // shorter than its own header: it cannot be IP
    let ethertype = |at| packet.read(at).map(u16::from_be_bytes).map_err(|_| Missing::NotIp);
    let mut at = 12;
    for _ in 0..=TAGS {
        match ethertype(at)? {
            IPV4 | IPV6 => return Ok(at.wrapping_add(2)),
            VLAN | SERVICE_VLAN | OLD_QINQ => at = at.wrapping_add(4),
            _ => return Err(Missing::NotIp),
        }
    }
    Err(Missing::TooDeep)
}

/// Tags in the bytes that are looked behind.
const TAGS: usize = 2;
const VLAN: u16 = 0x8100;
const SERVICE_VLAN: u16 = 0x88a8;
const OLD_QINQ: u16 = 0x9100;
const UDP: u8 = 17;
