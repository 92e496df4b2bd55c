use wgtrace_flow::packet::{TcpSegment, UdpDatagram};
use wgtrace_flow::put::Put as _;
use wgtrace_flow::{Packet, Transport, WireGuard};
use wgtrace_wire::Protocol;
use wgtrace_wire::icmp::{Echo, Icmpv4Message, Icmpv6Message};

use super::{Object, fault};

/// `l4`, and `wireguard` where the datagram carries a message.
pub(super) fn transport(packet: &Packet<'_>, object: &mut Object<'_>) {
    if matches!(packet.transport, Transport::None) {
        return;
    }
    let mut l4 = Object::open(object.key("l4"));
    match &packet.transport {
        Transport::None => {}
        Transport::Tcp(segment) => tcp(segment, &mut l4),
        Transport::Udp(datagram) => udp(datagram, &mut l4),
        Transport::Icmpv4(icmp) => {
            let message = icmp.message();
            let echo = if let Icmpv4Message::EchoRequest(echo) | Icmpv4Message::EchoReply(echo) = message {
                Some(echo)
            } else {
                None
            };
            icmp_fields("icmp", (icmp.kind(), icmp.code()), echo, &mut l4);
        }
        Transport::Icmpv6(icmp) => {
            let message = icmp.message();
            let echo = if let Icmpv6Message::EchoRequest(echo) | Icmpv6Message::EchoReply(echo) = message {
                Some(echo)
            } else {
                None
            };
            icmp_fields("icmp6", (icmp.kind(), icmp.code()), echo, &mut l4);
        }
        Transport::Fragment(_) => l4.text("type", "fragment"),
        Transport::Other(Protocol(_)) => l4.text("type", "other"),
        Transport::Unread { ports, fault: reason, .. } => {
            l4.text("type", "unread");
            if let Some((source, destination)) = ports {
                l4.number("src_port", *source);
                l4.number("dst_port", *destination);
            }
            fault(&mut l4, *reason);
        }
    }
    l4.close();
    if let Transport::Udp(UdpDatagram { wireguard: Some(message), .. }) = &packet.transport {
        wireguard(*message, Object::open(object.key("wireguard")));
    }
}

fn tcp(segment: &TcpSegment<'_>, l4: &mut Object<'_>) {
    let tcp = &segment.tcp;
    l4.text("type", "tcp");
    l4.number("src_port", tcp.src_port());
    l4.number("dst_port", tcp.dst_port());
    l4.string_key("flags").display(tcp.flags());
    l4.end_string();
    l4.number("seq", tcp.sequence());
    l4.number("ack", tcp.acknowledgment());
    l4.number("window", tcp.window());
    l4.number("payload_len", segment.payload_len);
}

fn udp(datagram: &UdpDatagram<'_>, l4: &mut Object<'_>) {
    l4.text("type", "udp");
    l4.number("src_port", datagram.udp.src_port());
    l4.number("dst_port", datagram.udp.dst_port());
    l4.number("payload_len", datagram.payload_len);
}

fn icmp_fields(name: &str, (kind, code): (u8, u8), echo: Option<Echo>, l4: &mut Object<'_>) {
    l4.text("type", name);
    l4.number("icmp_type", kind);
    l4.number("icmp_code", code);
    if let Some(echo) = echo {
        l4.number("id", echo.id);
        l4.number("seq", echo.sequence);
    }
}

fn wireguard(message: WireGuard, mut object: Object<'_>) {
    match message {
        WireGuard::Initiation { sender } => {
            object.text("type", "initiation");
            object.hex("sender", sender.0, 8);
        }
        WireGuard::Response { sender, receiver } => {
            object.text("type", "response");
            object.hex("sender", sender.0, 8);
            object.hex("receiver", receiver.0, 8);
        }
        WireGuard::CookieReply { receiver } => {
            object.text("type", "cookie-reply");
            object.hex("receiver", receiver.0, 8);
        }
        WireGuard::TransportData { receiver, counter, sealed_len } => {
            object.text("type", "transport-data");
            object.hex("receiver", receiver.0, 8);
            object.number("counter", counter.0);
            object.number("sealed_len", sealed_len);
        }
    }
    object.close();
}
