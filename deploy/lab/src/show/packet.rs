//! Packets, as `tcpdump -pne` prints them; times are UTC.

use std::fmt::Write as _;
use std::time::Duration;

use wgtrace_wire::arp::Operation;
use wgtrace_wire::icmp::Icmpv4Message;
use wgtrace_wire::{Arp, EtherType, Ethernet, Icmpv4, Ipv4, Protocol, Tcp, Udp};

use super::tcp::Conversations;
use crate::{Frame, Recording};

/// What a captured packet begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// An Ethernet header.
    Ethernet,
    /// An IP header: "link-type RAW".
    Raw,
}

impl Medium {
    /// The one of a recording.
    pub fn of(recording: &Recording) -> Self {
        if recording.link == RAW { Self::Raw } else { Self::Ethernet }
    }
}

/// A capture that is printed packet by packet: sequence numbers are told from the beginning of a connection on.
#[derive(Debug, Default)]
pub struct Packets {
    conversations: Conversations,
}

impl Packets {
    /// The lines of all of a capture.
    pub fn lines(recording: &Recording) -> Vec<String> {
        let (mut packets, medium) = (Self::default(), Medium::of(recording));
        let line = |frame: &Frame| packets.line(frame.time, medium, &frame.bytes);
        recording.frames.iter().map(line).collect()
    }

    /// The line of the next packet, that came at this time since 1970.
    pub fn line(&mut self, time: Duration, medium: Medium, packet: &[u8]) -> String {
        let mut line = clock(time);
        // Writing into a string does not fail.
        let _ = match medium {
            Medium::Raw => {
                line.push_str(" ip: ");
                self.internet(packet, &mut line)
            }
            Medium::Ethernet => self.frame(packet, &mut line),
        };
        line
    }

    fn frame(&mut self, frame: &[u8], line: &mut String) -> std::fmt::Result {
        let Ok(ethernet) = Ethernet::parse(frame) else {
            return line.write_str(" [|ether]");
        };
        let (src, dst, kind) = (ethernet.src(), ethernet.dst(), ethernet.ethertype());
        let name = match kind {
            EtherType::IPV4 => "IPv4",
            EtherType::IPV6 => "IPv6",
            EtherType::ARP => "ARP",
            _ => "Unknown",
        };
        write!(line, " {src} > {dst}, ethertype {name} (0x{:04x}), length {}: ", kind.0, frame.len())?;
        match kind {
            EtherType::IPV4 => self.internet(ethernet.payload(), line),
            EtherType::ARP => resolution(ethernet.payload(), line),
            _ => write!(line, "{} bytes", ethernet.payload().len()),
        }
    }

    fn internet(&mut self, packet: &[u8], line: &mut String) -> std::fmt::Result {
        let Ok(ip) = Ipv4::parse(packet) else {
            return line.write_str("[|ip]");
        };
        let (src, dst) = (ip.src(), ip.dst());
        if ip.fragment().is_partial() && ip.fragment().offset != 0 {
            return write!(line, "{src} > {dst}: ip-proto-{}", ip.protocol().0);
        }
        let payload = ip.payload();
        match ip.protocol() {
            Protocol::TCP => match Tcp::parse(payload) {
                Ok(tcp) => self.conversations.segment((src, dst), &tcp, line),
                Err(_) => write!(line, "{src} > {dst}: [|tcp]"),
            },
            Protocol::UDP => match Udp::parse(payload) {
                Ok(udp) => {
                    let (sport, dport) = (udp.src_port(), udp.dst_port());
                    write!(line, "{src}.{sport} > {dst}.{dport}: UDP, length {}", udp.payload().len())
                }
                Err(_) => write!(line, "{src} > {dst}: [|udp]"),
            },
            Protocol::ICMP => match Icmpv4::parse(payload) {
                Ok(icmp) => {
                    write!(line, "{src} > {dst}: ICMP {}, length {}", message(&icmp), payload.len())
                }
                Err(_) => write!(line, "{src} > {dst}: [|icmp]"),
            },
            protocol => write!(line, "{src} > {dst}:  ip-proto-{} {}", protocol.0, payload.len()),
        }
    }
}

fn message(icmp: &Icmpv4<'_>) -> String {
    match icmp.message() {
        Icmpv4Message::EchoRequest(echo) => format!("echo request, id {}, seq {}", echo.id, echo.sequence),
        Icmpv4Message::EchoReply(echo) => format!("echo reply, id {}, seq {}", echo.id, echo.sequence),
        Icmpv4Message::DestinationUnreachable { .. } => format!("unreachable - #{}", icmp.code()),
        Icmpv4Message::Redirect { .. }
        | Icmpv4Message::TimeExceeded { .. }
        | Icmpv4Message::ParameterProblem { .. }
        | Icmpv4Message::Other => format!("type {}, code {}", icmp.kind(), icmp.code()),
    }
}

fn resolution(packet: &[u8], line: &mut String) -> std::fmt::Result {
    let Ok(arp) = Arp::parse(packet) else {
        return line.write_str("[|ARP]");
    };
    match (arp.operation(), arp.ethernet_ipv4()) {
        (Operation::REQUEST, Some(ask)) => {
            write!(line, "Request who-has {}", ask.target)?;
            if ask.target_mac.0 != [0; 6] {
                write!(line, " ({})", ask.target_mac)?;
            }
            write!(line, " tell {}", ask.sender)?;
        }
        (Operation::REPLY, Some(told)) => write!(line, "Reply {} is-at {}", told.sender, told.sender_mac)?,
        (Operation(number), _) => write!(line, "operation {number}")?,
    }
    write!(line, ", length {}", packet.len())
}

/// The time of day, to the microsecond.
fn clock(time: Duration) -> String {
    let second = time.as_secs() % 86_400;
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:06}", time.subsec_micros())
}

/// As capture files have it.
const RAW: u16 = 101;

#[cfg(test)]
mod tests;
