use wgtrace_wire::icmp::{Echo, Icmpv4Message, Icmpv6Message};
use wgtrace_wire::{Icmpv4, Icmpv6};

use crate::put::Put;

/// What a message of IPv4's ICMP says.
pub(super) fn v4(icmp: &Icmpv4<'_>, out: &mut Vec<u8>) {
    match icmp.message() {
        Icmpv4Message::EchoRequest(echo) => echoed("echo request", echo, out),
        Icmpv4Message::EchoReply(echo) => echoed("echo reply", echo, out),
        Icmpv4Message::DestinationUnreachable { next_hop_mtu, .. } => {
            let reason = UNREACHABLE.iter().find(|(code, _)| *code == icmp.code());
            coded("unreachable", reason.map(|(_, words)| *words), icmp.code(), out);
            if next_hop_mtu != 0 && icmp.code() == NEED_TO_FRAGMENT {
                out.text(" (mtu ");
                out.number(next_hop_mtu);
                out.push(b')');
            }
        }
        Icmpv4Message::Redirect { gateway, .. } => {
            out.text("redirect to ");
            out.address(gateway.into());
        }
        Icmpv4Message::TimeExceeded { .. } => exceeded(icmp.code(), out),
        Icmpv4Message::ParameterProblem { pointer, .. } => {
            out.text("parameter problem at octet ");
            out.number(pointer);
        }
        Icmpv4Message::Other => other(icmp.kind(), icmp.code(), out),
    }
}

/// What a message of IPv6's ICMP says.
pub(super) fn v6(icmp: &Icmpv6<'_>, out: &mut Vec<u8>) {
    match icmp.message() {
        Icmpv6Message::EchoRequest(echo) => echoed("echo request", echo, out),
        Icmpv6Message::EchoReply(echo) => echoed("echo reply", echo, out),
        Icmpv6Message::DestinationUnreachable { .. } => {
            let reason = UNREACHABLE6.iter().find(|(code, _)| *code == icmp.code());
            coded("unreachable", reason.map(|(_, words)| *words), icmp.code(), out);
        }
        Icmpv6Message::PacketTooBig { mtu, .. } => {
            out.text("packet too big (mtu ");
            out.number(mtu);
            out.push(b')');
        }
        Icmpv6Message::TimeExceeded { .. } => exceeded(icmp.code(), out),
        Icmpv6Message::ParameterProblem { pointer, .. } => {
            out.text("parameter problem at octet ");
            out.number(pointer);
        }
        Icmpv6Message::RouterSolicitation => out.text("router solicitation"),
        Icmpv6Message::RouterAdvertisement => out.text("router advertisement"),
        Icmpv6Message::NeighborSolicitation { target } => {
            out.text("neighbor solicitation, who has ");
            out.address(target.into());
        }
        Icmpv6Message::NeighborAdvertisement { target } => {
            out.text("neighbor advertisement, tgt is ");
            out.address(target.into());
        }
        Icmpv6Message::Other => other(icmp.kind(), icmp.code(), out),
    }
}

fn echoed(what: &str, echo: Echo, out: &mut Vec<u8>) {
    out.text(what);
    out.text(", id ");
    out.number(echo.id);
    out.text(", seq ");
    out.number(echo.sequence);
}

fn exceeded(code: u8, out: &mut Vec<u8>) {
    let reason = match code {
        0 => Some("in transit"),
        1 => Some("reassembly"),
        _ => None,
    };
    coded("time exceeded", reason, code, out);
}

fn coded(what: &str, reason: Option<&str>, code: u8, out: &mut Vec<u8>) {
    out.text(what);
    out.text(", ");
    if let Some(words) = reason {
        out.text(words);
    } else {
        out.text("code ");
        out.number(code);
    }
}

fn other(kind: u8, code: u8, out: &mut Vec<u8>) {
    out.text("type ");
    out.number(kind);
    out.text(", code ");
    out.number(code);
}

const NEED_TO_FRAGMENT: u8 = 4;

/// IANA: ICMP parameters, type 3.
const UNREACHABLE: [(u8, &str); 10] = [
    (0, "net"),
    (1, "host"),
    (2, "protocol"),
    (3, "port"),
    (NEED_TO_FRAGMENT, "need to frag"),
    (5, "source route failed"),
    (9, "net prohibited"),
    (10, "host prohibited"),
    (13, "admin prohibited"),
    (15, "precedence cutoff"),
];

/// IANA: `ICMPv6` parameters, type 1.
const UNREACHABLE6: [(u8, &str); 7] = [
    (0, "no route"),
    (1, "admin prohibited"),
    (2, "beyond scope"),
    (3, "address"),
    (4, "port"),
    (5, "source policy"),
    (6, "reject route"),
];
