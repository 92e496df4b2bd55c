use wgtrace_wire::EtherType;

use super::span::{Loss, Span};
use super::walk::Layer;
use crate::capture::LinkType;

/// The first layer of a frame of link type `link`, with the link's own header taken off.
///
/// Numbers and layouts: <https://www.tcpdump.org/linktypes.html>.
#[inline]
pub(super) fn start(link: LinkType, frame: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    match link.0 {
        EN10MB => Ok((Layer::Ethernet, frame)),
        RAW_BSD | RAW_OPENBSD | RAW | IPV4 | IPV6 => Ok((Layer::Ip, frame)),
        NULL | LOOP => loopback(frame),
        SLL => {
            let &[.., high, low] = frame.head::<16>()?;
            Ok((Layer::Typed(EtherType(u16::from_be_bytes([high, low]))), frame.skip(16)?))
        }
        SLL2 => {
            let &[high, low, ..] = frame.head::<20>()?;
            Ok((Layer::Typed(EtherType(u16::from_be_bytes([high, low]))), frame.skip(20)?))
        }
        PPP | PPP_HDLC => Ok((Layer::Ppp, frame)),
        PPP_ETHER => Ok((Layer::Typed(EtherType::PPPOE_SESSION), frame)),
        _ => Err(Loss::UnsupportedLink(link)),
    }
}

/// A word with the address family, in the byte order of the host that captured.
fn loopback(frame: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    let word = *frame.head::<4>()?;
    let is_ip = |family| matches!(family, AF_INET | AF_INET6_LINUX | 24 | 28 | 30);
    if is_ip(u32::from_be_bytes(word)) || is_ip(u32::from_le_bytes(word)) {
        Ok((Layer::Ip, frame.skip(4)?))
    } else {
        Err(Loss::NotIp)
    }
}

const NULL: u16 = 0;
const EN10MB: u16 = 1;
const PPP: u16 = 9;
const RAW_BSD: u16 = 12;
const RAW_OPENBSD: u16 = 14;
const PPP_HDLC: u16 = 50;
const PPP_ETHER: u16 = 51;
const RAW: u16 = 101;
const LOOP: u16 = 108;
const SLL: u16 = 113;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const SLL2: u16 = 276;

const AF_INET: u32 = 2;
/// The BSDs have 24 (NetBSD, OpenBSD), 28 (FreeBSD) and 30 (Darwin).
const AF_INET6_LINUX: u32 = 10;
