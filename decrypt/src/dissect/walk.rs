#![expect(clippy::inline_always, reason = "every frame comes through here: 26 ns inlined, 31 with calls")]

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use wgtrace_wire::ip::{self, Upper};
use wgtrace_wire::ipv6::extension;
use wgtrace_wire::{EtherType, Ethernet, Ipv4, Ipv6, Protocol, Udp, ethernet, vlan};

use super::reassembly::Key;
use super::span::{Loss, Span};
use super::tunnel;

/// What the bytes of a [`Span`] start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    Typed(EtherType),
    Ppp,
    Ip,
}

/// Where all layers lead.
pub(super) enum Found {
    Datagram(Place),
    Fragment(Part),
}

/// A datagram's ends, and its payload's place in the buffer.
pub(super) struct Place {
    pub(super) ends: Ends,
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    pub(super) payload: Range<usize>,
    pub(super) claimed: usize,
}

impl Place {
    pub(super) fn src(&self) -> SocketAddr {
        SocketAddr::new(self.ends.src, self.src_port)
    }

    pub(super) fn dst(&self) -> SocketAddr {
        SocketAddr::new(self.ends.dst, self.dst_port)
    }
}

/// A fragment: its payload's place in the buffer and in its datagram.
pub(super) struct Part {
    pub(super) key: Key,
    pub(super) offset: u16,
    pub(super) more: bool,
    pub(super) data: Range<usize>,
    pub(super) claimed: usize,
}

/// Who sends an IP packet, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ends {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
}

/// Takes layer after layer off `span`, `layer` first, inside `depth` tunnels.
///
/// The layers call each other, no state goes through memory between them: a loop over an enum of
/// them took four times as long.
pub(super) fn walk(layer: Layer, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    match layer {
        Layer::Ethernet => {
            let frame = Ethernet::parse(span.bytes).map_err(|error| span.fault(error))?;
            let payload = span.skip(size_of::<ethernet::Header>())?.trim(frame.claimed_len());
            typed(frame.ethertype(), payload, depth)
        }
        Layer::Typed(ethertype) => typed(ethertype, span, depth),
        Layer::Ppp => {
            let (layer, payload) = tunnel::ppp(span)?;
            walk(layer, payload, depth)
        }
        Layer::Ip => ip(span, depth),
    }
}

#[inline(always)]
fn typed(ethertype: EtherType, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    match ethertype {
        EtherType::IPV4 | EtherType::IPV6 => ip(span, depth),
        EtherType::BRIDGED => descend(Layer::Ethernet, span, depth),
        EtherType::MPLS | EtherType::MPLS_UPSTREAM => {
            let (layer, payload) = tunnel::mpls(span)?;
            walk(layer, payload, depth)
        }
        EtherType::PPPOE_SESSION => {
            let (layer, payload) = tunnel::pppoe(span)?;
            walk(layer, payload, depth)
        }
        _ if ethertype.is_vlan() => {
            let stack = vlan::Stack::parse(ethertype, span.bytes).map_err(|error| span.fault(error))?;
            let inner = stack.ethertype();
            walk(Layer::Typed(inner), span.skip(size_of_val(stack.tags()))?.trim(inner.as_length()), depth)
        }
        _ => Err(Loss::NotIp),
    }
}

/// Either version by its own field, whatever announced it.
#[inline(always)]
fn ip(span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    if ip::version(span.bytes) == Some(6) {
        let ip = Ipv6::parse(span.bytes).map_err(|error| span.fault(error))?;
        let carried = ip.upper().map_err(|error| span.fault(error))?;
        above(&Ends { src: ip.src().into(), dst: ip.dst().into() }, &carried, span, depth)
    } else {
        let ip = Ipv4::parse(span.bytes).map_err(|error| span.fault(error))?;
        above(&Ends { src: ip.src().into(), dst: ip.dst().into() }, &ip.upper(), span, depth)
    }
}

/// What an IP packet or a reassembled datagram carries; `span` is what `carried` was read from.
#[inline(always)]
fn above(ends: &Ends, carried: &Upper<'_>, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    let Upper { protocol, offset, payload, claimed_len, fragment } = *carried;
    // Where the IP header leaves the length open (0, large segments), the frame's own counts.
    let claimed = claimed_len.unwrap_or(span.claimed.saturating_sub(offset));
    let inner = Span::new(payload, span.at + offset, claimed);
    let Some(fragment) = fragment else { return upper(ends, protocol, inner, depth) };
    if !leads_to_udp(protocol) {
        return Err(Loss::NotUdp);
    }
    Ok(Found::Fragment(Part {
        key: Key { ends: *ends, protocol, id: fragment.id },
        offset: fragment.offset,
        more: fragment.more,
        data: inner.at..inner.at + inner.bytes.len(),
        claimed: inner.claimed,
    }))
}

fn leads_to_udp(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::UDP | Protocol::IPV4 | Protocol::IPV6 | Protocol::GRE)
        || protocol.is_extension()
}

/// What `protocol` carries between `ends`.
#[inline(always)]
pub(super) fn upper(ends: &Ends, protocol: Protocol, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    match protocol {
        Protocol::UDP => udp(ends, span, depth),
        Protocol::IPV4 | Protocol::IPV6 => descend(Layer::Ip, span, depth),
        Protocol::GRE => {
            let (layer, inner) = tunnel::gre(span)?;
            descend(layer, inner, depth)
        }
        _ if ends.src.is_ipv6() && protocol.is_extension() => extensions(ends, protocol, span, depth),
        _ => Err(Loss::NotUdp),
    }
}

/// Extension headers behind reassembly; a packet's own chain is walked with its header.
#[cold]
fn extensions(ends: &Ends, protocol: Protocol, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    let carried =
        extension::upper(protocol, span.bytes, Some(span.claimed)).map_err(|error| span.fault(error))?;
    above(ends, &carried, span, depth)
}

#[inline(always)]
fn udp(ends: &Ends, span: Span<'_>, depth: usize) -> Result<Found, Loss> {
    let udp = Udp::parse(span.bytes).map_err(|error| span.fault(error))?;
    let rest = span.skip(Udp::HEADER_LEN)?;
    // No length, or one beyond the IP packet: the IP header's word counts.
    let payload = rest.trim(udp.claimed_len().filter(|&len| len <= rest.claimed));
    if let Some((layer, inner)) = tunnel::over_udp(udp.dst_port(), payload) {
        return descend(layer, inner, depth);
    }
    Ok(Found::Datagram(Place {
        ends: *ends,
        src_port: udp.src_port(),
        dst_port: udp.dst_port(),
        payload: payload.at..payload.at + payload.bytes.len(),
        claimed: payload.claimed,
    }))
}

/// Into a tunnel.
#[inline(never)]
fn descend(layer: Layer, inner: Span<'_>, depth: usize) -> Result<Found, Loss> {
    if depth == MAX_TUNNELS { Err(Loss::TooDeep) } else { walk(layer, inner, depth + 1) }
}

/// Tunnels descended in one frame, one in the other.
const MAX_TUNNELS: usize = 8;
