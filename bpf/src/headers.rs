//! What a filter may ask of a packet, read in one pass.
//!
//! Tunnels are not descended: of an encapsulated packet, these are the outer headers.

mod ip;
mod upper;
mod view;

use view::View;
pub use wgtrace_abi::Address;

use crate::{OutOfBounds, Packet};

/// Headers of one packet; what was not there is 0, and [`known`](Self::known) tells which is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers {
    /// Source address, of IPv4 as `::ffff:a.b.c.d`; with [`Self::ADDRESSES`].
    pub source: Address,
    /// Destination address; with [`Self::ADDRESSES`].
    pub destination: Address,
    /// `EtherType` behind all tags, in host order; 0 when the tags do not end.
    pub ethertype: u16,
    /// Source port in host order; with [`Self::PORTS`].
    pub source_port: u16,
    /// Destination port in host order; with [`Self::PORTS`].
    pub destination_port: u16,
    /// IP protocol behind all extension headers; with [`Self::PROTOCOL`].
    pub protocol: u8,
    /// Which of the others were there, as bits.
    pub known: u8,
    /// ICMP type and code, of either version; with [`Self::ICMP`].
    pub icmp: [u8; 2],
    /// Why there are no more.
    pub end: End,
    /// The WireGuard message in a UDP payload.
    pub wireguard: WireGuard,
}

impl Headers {
    /// There is an IP header.
    pub const ADDRESSES: u8 = 1 << 0;
    /// The IP protocol could be told.
    pub const PROTOCOL: u8 = 1 << 1;
    /// There is a UDP or TCP header.
    pub const PORTS: u8 = 1 << 2;
    /// There is an ICMP header.
    pub const ICMP: u8 = 1 << 3;
    /// It is the first fragment of a datagram, with the headers of the whole.
    pub const FIRST_FRAGMENT: u8 = 1 << 4;
    /// It is a later fragment, without headers behind IP.
    pub const LATER_FRAGMENT: u8 = 1 << 5;

    /// Whether all of these bits are set in [`known`](Self::known).
    #[inline(always)]
    pub const fn knows(&self, bits: u8) -> bool {
        self.known & bits == bits
    }
}

/// Why the headers end where they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum End {
    /// Every header that is looked for was there.
    #[default]
    Whole,
    /// Neither IPv4 nor IPv6 lies behind the `EtherType`.
    NotIp,
    /// The packet, or what its IP header claims of it, ends inside a header.
    Truncated,
    /// An IP header has another version.
    WrongVersion,
    /// A length field contradicts its header's own size.
    BadLength,
    /// More than [`MAX_TAGS`] tags or [`MAX_EXTENSIONS`] extension headers.
    TooDeep,
}

impl From<OutOfBounds> for End {
    #[inline(always)]
    fn from(OutOfBounds: OutOfBounds) -> Self {
        Self::Truncated
    }
}

/// The clear part of a WireGuard message.
///
/// Recognised on any port: a type of 1 to 4, three zero bytes, and a length of the type, which for transport
/// data is a multiple of 16. Lengths are the headers' claims; 16 bytes have to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WireGuard {
    /// Message type; 0 when there is none.
    pub kind: u8,
    /// Index of the sender, of a handshake message.
    pub sender: u32,
    /// Index of the receiver, of all but an initiation.
    pub receiver: u32,
    /// Counter of transport data.
    pub counter: u64,
}

/// What a packet starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An Ethernet header; a tag in the metadata is not among the bytes.
    Ethernet,
    /// An IP header: the device has no link layer.
    Ip,
}

/// Tags in the bytes that are followed.
pub const MAX_TAGS: usize = 8;
/// IPv6 extension headers that are followed.
pub const MAX_EXTENSIONS: usize = 16;

/// Reads the headers of `packet`.
#[inline(always)]
pub fn parse<P: Packet + ?Sized>(packet: &P, start: Start) -> Headers {
    let mut headers = Headers::default();
    parse_into(packet, start, &mut headers);
    headers
}

/// Reads the headers of `packet` into `headers`, which are the default.
#[inline(always)]
pub fn parse_into<P: Packet + ?Sized>(packet: &P, start: Start, headers: &mut Headers) {
    if let Err(end) = layers(View::whole(packet), start, headers) {
        headers.end = end;
    }
}

/// Layer after layer, each of them once in the code.
#[inline(always)]
fn layers<P: Packet + ?Sized>(mut view: View<'_, P>, start: Start, headers: &mut Headers) -> Result<(), End> {
    if start == Start::Ethernet {
        headers.ethertype = ethernet(&mut view)?;
        if headers.ethertype != IPV4 && headers.ethertype != IPV6 {
            return Err(End::NotIp);
        }
    }
    let first: [u8; 20] = view.read(0)?;
    let [version, ..] = first;
    let (ethertype, protocol) = match version >> 4 {
        4 => (IPV4, ip::v4(&mut view, &first, headers)),
        6 => (IPV6, ip::v6(&mut view, headers)),
        _ => return Err(End::WrongVersion),
    };
    if start == Start::Ip {
        headers.ethertype = ethertype;
    }
    let Some(protocol) = protocol? else { return Ok(()) };
    headers.protocol = protocol;
    headers.known |= Headers::PROTOCOL;
    if headers.knows(Headers::LATER_FRAGMENT) {
        return Ok(());
    }
    upper::parse(view, headers)
}

/// Takes the Ethernet header and the tags off `view`; the `EtherType` behind them.
#[inline(always)]
fn ethernet<P: Packet + ?Sized>(view: &mut View<'_, P>) -> Result<u16, End> {
    let mut ethertype = u16::from_be_bytes(view.read(12)?);
    view.skip(14);
    for _ in 0..MAX_TAGS {
        if !is_tag(ethertype) {
            break;
        }
        ethertype = u16::from_be_bytes(view.read(2)?);
        view.skip(4);
    }
    if is_tag(ethertype) { Err(End::TooDeep) } else { Ok(ethertype) }
}

#[inline(always)]
fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, VLAN | SERVICE_VLAN | OLD_QINQ)
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const VLAN: u16 = 0x8100;
const SERVICE_VLAN: u16 = 0x88a8;
const OLD_QINQ: u16 = 0x9100;
