use wgtrace_wire::{EtherType, ip};

use super::span::{Loss, Span};
use super::walk::Layer;

/// What a datagram to `port` with `payload` tunnels; `None` where it is a datagram like others.
#[inline]
pub(super) fn over_udp(port: u16, payload: Span<'_>) -> Option<(Layer, Span<'_>)> {
    match port {
        VXLAN | VXLAN_LINUX => vxlan(payload),
        GENEVE => geneve(payload),
        _ => None,
    }
}

/// Whether [`over_udp`] may find a tunnel under `port`.
#[inline]
pub(super) fn has_port(port: u16) -> bool {
    matches!(port, VXLAN | VXLAN_LINUX | GENEVE)
}

/// RFC 7348, 5; the upper flag bit is the group policy extension's. WireGuard's types lack the
/// identifier flag, so that its messages on this port are not mistaken.
fn vxlan(span: Span<'_>) -> Option<(Layer, Span<'_>)> {
    let &[flags, _, _, _, _, _, _, reserved] = span.head::<8>().ok()?;
    (flags & 0x7f == 0x08 && reserved == 0).then_some(())?;
    Some((Layer::Ethernet, span.skip(8).ok()?))
}

/// RFC 8926, 3.4. WireGuard's reserved bytes are no protocol that is known here.
fn geneve(span: Span<'_>) -> Option<(Layer, Span<'_>)> {
    let &[version_len, flags, high, low, _, _, _, reserved] = span.head::<8>().ok()?;
    let protocol = EtherType(u16::from_be_bytes([high, low]));
    let is_known = matches!(protocol, EtherType::BRIDGED | EtherType::IPV4 | EtherType::IPV6);
    // Version 0; behind the control and critical bits, all reserved.
    let is_geneve = version_len & 0xc0 == 0 && flags << 2 == 0 && reserved == 0;
    (is_geneve && is_known).then_some(())?;
    let inner = span.skip(8 + usize::from(version_len & 0x3f) * 4).ok()?;
    Some((if protocol == EtherType::BRIDGED { Layer::Ethernet } else { Layer::Ip }, inner))
}

/// RFC 2784 and 2890.
pub(super) fn gre(span: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    let &[flags, version, high, low] = span.head::<4>()?;
    // Source routing is history; version 1 is PPTP's.
    if flags & 0x40 != 0 || version & 7 != 0 {
        return Err(Loss::NotUdp);
    }
    let optional = [0x80, 0x20, 0x10].iter().filter(|&&bit| flags & bit != 0).count();
    let inner = span.skip(4 + 4 * optional)?;
    let layer = match EtherType(u16::from_be_bytes([high, low])) {
        EtherType::BRIDGED => Layer::Ethernet,
        other => Layer::Typed(other),
    };
    Ok((layer, inner))
}

/// RFC 3032: labels down to the bottom of the stack; what is below them, no field tells.
pub(super) fn mpls(mut span: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    for _ in 0..MAX_LABELS {
        let &[_, _, bottom, _] = span.head::<4>()?;
        span = span.skip(4)?;
        if bottom & 1 != 0 {
            return match ip::version(span.bytes) {
                Some(4 | 6) => Ok((Layer::Ip, span)),
                _ => Err(Loss::NotIp),
            };
        }
    }
    Err(Loss::TooDeep)
}

/// RFC 2516, 4.
pub(super) fn pppoe(span: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    let &[version_type, code, _, _, high, low] = span.head::<6>()?;
    match (version_type, code) {
        (0x11, 0) => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            Ok((Layer::Ppp, span.skip(6)?.trim(Some(len))))
        }
        (0x11, _) => Err(Loss::NotIp),
        _ => Err(Loss::Malformed),
    }
}

/// RFC 1661, 2, with the address and control bytes of RFC 1662 or without, and with protocol
/// numbers of one byte where they were negotiated (RFC 1661, 6.5).
pub(super) fn ppp(span: Span<'_>) -> Result<(Layer, Span<'_>), Loss> {
    let span = if span.bytes.starts_with(&[0xff, 0x03]) { span.skip(2)? } else { span };
    let &[first] = span.head::<1>()?;
    let (protocol, inner) = if first & 1 == 1 {
        (u16::from(first), span.skip(1)?)
    } else {
        (u16::from_be_bytes(*span.head::<2>()?), span.skip(2)?)
    };
    match protocol {
        0x0021 | 0x0057 => Ok((Layer::Ip, inner)),
        0x0281 | 0x0283 => mpls(inner),
        _ => Err(Loss::NotIp),
    }
}

const VXLAN: u16 = 4789;
/// Linux's own default, from before the assignment (linux: `drivers/net/vxlan/vxlan_core.c`).
const VXLAN_LINUX: u16 = 8472;
const GENEVE: u16 = 6081;
const MAX_LABELS: usize = 16;
