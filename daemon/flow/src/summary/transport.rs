use wgtrace_wire::tcp::Flags;
use wgtrace_wire::{Ip, Protocol};

use super::{fault, icmp};
use crate::packet::{IpPacket, Packet, TcpSegment, Transport, UdpDatagram, WireGuard};
use crate::put::Put;

/// From the transport layer on.
pub(super) fn transport(packet: &Packet<'_>, ip: &IpPacket<'_>, out: &mut Vec<u8>) {
    match &packet.transport {
        Transport::Tcp(segment) => tcp(segment, out),
        Transport::Udp(datagram) => udp(packet, datagram, out),
        Transport::Icmpv4(icmp) => {
            out.text("ICMP ");
            icmp::v4(icmp, out);
            payload_len(ip, out);
        }
        Transport::Icmpv6(icmp) => {
            out.text("ICMP6, ");
            icmp::v6(icmp, out);
            payload_len(ip, out);
        }
        Transport::Fragment(fragment) => {
            protocol(ip.protocol, out);
            out.text(" fragment of ");
            out.hex(fragment.id, 4);
            out.text(" at ");
            out.number(fragment.offset);
            if fragment.more {
                out.push(b'+');
            }
            payload_len(ip, out);
        }
        Transport::Other(number) => {
            protocol(*number, out);
            payload_len(ip, out);
        }
        Transport::Unread { protocol: number, fault: reason, .. } => {
            protocol(*number, out);
            out.push(b' ');
            fault(*reason, out);
            payload_len(ip, out);
        }
        Transport::None => out.text("nothing"),
    }
}

/// Length behind the IP header and what extends it, as the packet claims it.
fn payload_len(ip: &IpPacket<'_>, out: &mut Vec<u8>) {
    let len = match &ip.ip {
        Ip::V4(ip) => ip.claimed_len(),
        Ip::V6(v6) => v6.upper().map_or(v6.claimed_len(), |upper| upper.claimed_len),
    };
    if let Some(len) = len {
        out.text(", length ");
        out.number(len);
    }
}

fn tcp(segment: &TcpSegment<'_>, out: &mut Vec<u8>) {
    let (tcp, len) = (&segment.tcp, segment.payload_len);
    let flags = tcp.flags();
    out.text("Flags [");
    out.display(flags);
    out.push(b']');
    let counts = [Flags::SYN, Flags::FIN, Flags::RST].into_iter().any(|flag| flags.contains(flag));
    if len != 0 || counts {
        out.text(", seq ");
        out.number(tcp.sequence());
        if len != 0 {
            out.push(b':');
            out.number(tcp.sequence().wrapping_add(len));
        }
    }
    if flags.contains(Flags::ACK) {
        out.text(", ack ");
        out.number(tcp.acknowledgment());
    }
    out.text(", win ");
    out.number(tcp.window());
    if flags.contains(Flags::URG) {
        out.text(", urg ");
        out.number(tcp.urgent());
    }
    out.text(", length ");
    out.number(len);
}

fn udp(packet: &Packet<'_>, datagram: &UdpDatagram<'_>, out: &mut Vec<u8>) {
    let Some(message) = datagram.wireguard else {
        out.text("UDP, length ");
        return out.number(datagram.payload_len);
    };
    out.text("WireGuard ");
    wireguard(message, out);
    out.text(", ");
    let segments = packet.segments();
    if segments > 1 {
        out.number(packet.event.gso_size);
    } else {
        out.number(datagram.payload_len);
    }
    out.text(" bytes");
    if segments > 1 {
        out.text(" x");
        out.number(segments);
    }
}

fn wireguard(message: WireGuard, out: &mut Vec<u8>) {
    match message {
        WireGuard::Initiation { sender } => {
            out.text("initiation sender ");
            out.hex(sender.0, 8);
        }
        WireGuard::Response { sender, receiver } => {
            out.text("response sender ");
            out.hex(sender.0, 8);
            out.text(" receiver ");
            out.hex(receiver.0, 8);
        }
        WireGuard::CookieReply { receiver } => {
            out.text("cookie reply receiver ");
            out.hex(receiver.0, 8);
        }
        WireGuard::TransportData { receiver, counter, sealed_len } => {
            out.text(if sealed_len == 0 { "keepalive receiver " } else { "transport data receiver " });
            out.hex(receiver.0, 8);
            out.text(" counter ");
            out.number(counter.0);
        }
    }
}

fn protocol(protocol: Protocol, out: &mut Vec<u8>) {
    match protocol {
        Protocol::TCP => out.text("tcp"),
        Protocol::UDP => out.text("udp"),
        Protocol::ICMP => out.text("icmp"),
        Protocol::ICMPV6 => out.text("icmp6"),
        Protocol::IPV4 => out.text("ipip"),
        Protocol::IPV6 => out.text("ip6ip"),
        Protocol::GRE => out.text("gre"),
        Protocol::ESP => out.text("esp"),
        Protocol::SCTP => out.text("sctp"),
        Protocol(number) => {
            out.text("proto ");
            out.number(number);
        }
    }
}
