//! TCP, UDP and ICMP.

use wgtrace_wire::icmp::{Icmpv4Message, Icmpv6Message};
use wgtrace_wire::{Icmpv4, Icmpv6, Protocol, Tcp, Udp};

use super::{Layers, name};

impl Layers<'_> {
    pub(super) fn transport(&mut self, protocol: Protocol, bytes: &[u8]) {
        match protocol {
            Protocol::TCP => self.tcp(bytes),
            Protocol::UDP => self.udp(bytes),
            Protocol::ICMP => self.icmp(bytes),
            Protocol::ICMPV6 => self.icmpv6(bytes),
            Protocol::NONE => {}
            Protocol(other) => {
                self.push(format!("protocol {}, {} bytes", name(other), bytes.len()), Vec::new());
            }
        }
    }

    fn tcp(&mut self, bytes: &[u8]) {
        let tcp = match Tcp::parse(bytes) {
            Ok(tcp) => tcp,
            Err(error) => return self.torn("TCP", error),
        };
        let fields = vec![
            ("from port", tcp.src_port().to_string()),
            ("to port", tcp.dst_port().to_string()),
            ("flags", tcp.flags().to_string()),
            ("sequence", tcp.sequence().to_string()),
            ("acknowledged", tcp.acknowledgment().to_string()),
            ("window", tcp.window().to_string()),
            ("payload", format!("{} bytes here", tcp.payload().len())),
        ];
        self.push("TCP", fields);
    }

    fn udp(&mut self, bytes: &[u8]) {
        let udp = match Udp::parse(bytes) {
            Ok(udp) => udp,
            Err(error) => return self.torn("UDP", error),
        };
        let fields = vec![
            ("from port", udp.src_port().to_string()),
            ("to port", udp.dst_port().to_string()),
            (
                "payload",
                udp.claimed_len().map_or_else(|| "open".to_owned(), |length| format!("{length} bytes")),
            ),
        ];
        self.push("UDP", fields);
        if let Some(message) = self.message {
            self.wireguard(udp.payload(), message);
        }
    }

    fn icmp(&mut self, bytes: &[u8]) {
        let icmp = match Icmpv4::parse(bytes) {
            Ok(icmp) => icmp,
            Err(error) => return self.torn("ICMP", error),
        };
        let echo = |echo: wgtrace_wire::icmp::Echo| {
            vec![("id", echo.id.to_string()), ("sequence", echo.sequence.to_string())]
        };
        let (title, fields) = match icmp.message() {
            Icmpv4Message::EchoRequest(of) => ("ICMP echo request", echo(of)),
            Icmpv4Message::EchoReply(of) => ("ICMP echo reply", echo(of)),
            Icmpv4Message::DestinationUnreachable { next_hop_mtu, .. } => (
                "ICMP destination unreachable",
                vec![("code", icmp.code().to_string()), ("mtu", next_hop_mtu.to_string())],
            ),
            Icmpv4Message::Redirect { gateway, .. } => {
                ("ICMP redirect", vec![("gateway", gateway.to_string())])
            }
            Icmpv4Message::TimeExceeded { .. } => ("ICMP time exceeded", Vec::new()),
            Icmpv4Message::ParameterProblem { pointer, .. } => {
                ("ICMP parameter problem", vec![("at byte", pointer.to_string())])
            }
            Icmpv4Message::Other => ("ICMP", kind(icmp.kind(), icmp.code())),
        };
        self.push(title, fields);
    }

    fn icmpv6(&mut self, bytes: &[u8]) {
        let icmp = match Icmpv6::parse(bytes) {
            Ok(icmp) => icmp,
            Err(error) => return self.torn("ICMPv6", error),
        };
        let echo = |echo: wgtrace_wire::icmp::Echo| {
            vec![("id", echo.id.to_string()), ("sequence", echo.sequence.to_string())]
        };
        let (title, fields) = match icmp.message() {
            Icmpv6Message::EchoRequest(of) => ("ICMPv6 echo request", echo(of)),
            Icmpv6Message::EchoReply(of) => ("ICMPv6 echo reply", echo(of)),
            Icmpv6Message::DestinationUnreachable { .. } => {
                ("ICMPv6 destination unreachable", vec![("code", icmp.code().to_string())])
            }
            Icmpv6Message::PacketTooBig { mtu, .. } => {
                ("ICMPv6 packet too big", vec![("mtu", mtu.to_string())])
            }
            Icmpv6Message::TimeExceeded { .. } => ("ICMPv6 time exceeded", Vec::new()),
            Icmpv6Message::ParameterProblem { pointer, .. } => {
                ("ICMPv6 parameter problem", vec![("at byte", pointer.to_string())])
            }
            Icmpv6Message::RouterSolicitation => ("ICMPv6 router solicitation", Vec::new()),
            Icmpv6Message::RouterAdvertisement => ("ICMPv6 router advertisement", Vec::new()),
            Icmpv6Message::NeighborSolicitation { target } => {
                ("ICMPv6 neighbor solicitation", vec![("target", target.to_string())])
            }
            Icmpv6Message::NeighborAdvertisement { target } => {
                ("ICMPv6 neighbor advertisement", vec![("target", target.to_string())])
            }
            Icmpv6Message::Other => ("ICMPv6", kind(icmp.kind(), icmp.code())),
        };
        self.push(title, fields);
    }
}

fn kind(kind: u8, code: u8) -> Vec<(&'static str, String)> {
    vec![("type", kind.to_string()), ("code", code.to_string())]
}
