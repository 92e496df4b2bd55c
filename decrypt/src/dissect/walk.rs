use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use wgtrace_wire::ip::{Ip, Upper};
use wgtrace_wire::ipv6::extension;
use wgtrace_wire::{EtherType, Ethernet, Protocol, Udp, ethernet, vlan};

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
    Upper { src: IpAddr, dst: IpAddr, protocol: Protocol },
}

/// Where all layers lead.
pub(super) enum Found {
    Datagram(Place),
    Fragment(Part),
}

/// A datagram's ends, and its payload's place in the buffer.
pub(super) struct Place {
    pub(super) src: SocketAddr,
    pub(super) dst: SocketAddr,
    pub(super) payload: Range<usize>,
    pub(super) claimed: usize,
}

/// A fragment: its payload's place in the buffer and in its datagram.
pub(super) struct Part {
    pub(super) key: Key,
    pub(super) offset: u16,
    pub(super) more: bool,
    pub(super) data: Range<usize>,
    pub(super) claimed: usize,
}

/// One layer taken off.
pub(super) enum Step<'a> {
    Next(Layer, Span<'a>),
    Tunnel(Layer, Span<'a>),
    Found(Found),
}

/// Takes layer after layer off, `layer` first.
pub(super) fn walk(mut span: Span<'_>, mut layer: Layer) -> Result<Found, Loss> {
    let mut depth = 0;
    loop {
        let step = match layer {
            Layer::Ethernet => {
                let frame = Ethernet::parse(span.bytes).map_err(|error| span.fault(error))?;
                let payload = span.skip(size_of::<ethernet::Header>())?.trim(frame.claimed_len());
                Step::Next(Layer::Typed(frame.ethertype()), payload)
            }
            Layer::Typed(ethertype) => typed(ethertype, span)?,
            Layer::Ppp => tunnel::ppp(span)?,
            Layer::Ip => ip(span)?,
            Layer::Upper { src, dst, protocol } => upper(src, dst, protocol, span)?,
        };
        (layer, span) = match step {
            Step::Found(found) => return Ok(found),
            Step::Next(layer, span) => (layer, span),
            Step::Tunnel(..) if depth == MAX_TUNNELS => return Err(Loss::TooDeep),
            Step::Tunnel(layer, span) => {
                depth += 1;
                (layer, span)
            }
        };
    }
}

fn typed(ethertype: EtherType, span: Span<'_>) -> Result<Step<'_>, Loss> {
    match ethertype {
        EtherType::IPV4 | EtherType::IPV6 => Ok(Step::Next(Layer::Ip, span)),
        EtherType::BRIDGED => Ok(Step::Tunnel(Layer::Ethernet, span)),
        EtherType::MPLS | EtherType::MPLS_UPSTREAM => tunnel::mpls(span),
        EtherType::PPPOE_SESSION => tunnel::pppoe(span),
        _ if ethertype.is_vlan() => {
            let stack = vlan::Stack::parse(ethertype, span.bytes).map_err(|error| span.fault(error))?;
            let payload = span.skip(size_of_val(stack.tags()))?;
            Ok(Step::Next(Layer::Typed(stack.ethertype()), payload.trim(stack.ethertype().as_length())))
        }
        _ => Err(Loss::NotIp),
    }
}

fn ip(span: Span<'_>) -> Result<Step<'_>, Loss> {
    let ip = Ip::parse(span.bytes).map_err(|error| span.fault(error))?;
    let carried = ip.upper().map_err(|error| span.fault(error))?;
    above(ip.src(), ip.dst(), &carried, span)
}

/// What an IP packet or a reassembled datagram carries; `span` is what `carried` was read from.
fn above<'a>(src: IpAddr, dst: IpAddr, carried: &Upper<'a>, span: Span<'a>) -> Result<Step<'a>, Loss> {
    let Upper { protocol, offset, payload, claimed_len, fragment } = *carried;
    // Where the IP header leaves the length open (0, large segments), the frame's own counts.
    let claimed = claimed_len.unwrap_or(span.claimed.saturating_sub(offset));
    let inner = Span::new(payload, span.at + offset, claimed);
    let Some(fragment) = fragment else {
        return Ok(Step::Next(Layer::Upper { src, dst, protocol }, inner));
    };
    if !leads_to_udp(protocol) {
        return Err(Loss::NotUdp);
    }
    Ok(Step::Found(Found::Fragment(Part {
        key: Key { src, dst, protocol, id: fragment.id },
        offset: fragment.offset,
        more: fragment.more,
        data: inner.at..inner.at + inner.bytes.len(),
        claimed: inner.claimed,
    })))
}

fn leads_to_udp(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::UDP | Protocol::IPV4 | Protocol::IPV6 | Protocol::GRE)
        || protocol.is_extension()
}

fn upper(src: IpAddr, dst: IpAddr, protocol: Protocol, span: Span<'_>) -> Result<Step<'_>, Loss> {
    match protocol {
        Protocol::UDP => udp(src, dst, span),
        Protocol::IPV4 | Protocol::IPV6 => Ok(Step::Tunnel(Layer::Ip, span)),
        Protocol::GRE => tunnel::gre(span),
        // Only behind reassembly: a packet's own chain is walked with its header.
        _ if src.is_ipv6() && protocol.is_extension() => {
            let carried = extension::upper(protocol, span.bytes, Some(span.claimed))
                .map_err(|error| span.fault(error))?;
            above(src, dst, &carried, span)
        }
        _ => Err(Loss::NotUdp),
    }
}

fn udp(src: IpAddr, dst: IpAddr, span: Span<'_>) -> Result<Step<'_>, Loss> {
    let udp = Udp::parse(span.bytes).map_err(|error| span.fault(error))?;
    let rest = span.skip(Udp::HEADER_LEN)?;
    // No length, or one beyond the IP packet: the IP header's word counts.
    let payload = rest.trim(udp.claimed_len().filter(|&len| len <= rest.claimed));
    if let Some((layer, inner)) = tunnel::over_udp(udp.dst_port(), payload) {
        return Ok(Step::Tunnel(layer, inner));
    }
    Ok(Step::Found(Found::Datagram(Place {
        src: SocketAddr::new(src, udp.src_port()),
        dst: SocketAddr::new(dst, udp.dst_port()),
        payload: payload.at..payload.at + payload.bytes.len(),
        claimed: payload.claimed,
    })))
}

/// Tunnels descended in one frame, one in the other.
const MAX_TUNNELS: usize = 8;
