//! The same headers as `wgtrace-wire` reads them.

use std::net::Ipv6Addr;

use wgtrace_bpf::headers::{Address, End, Headers, Start, WireGuard};
use wgtrace_wire::ipv6::extension::{Chain, Extension};
use wgtrace_wire::wireguard::{
    CookieReply, Initiation, Message, Response, TransportHeader, reserved_is_zero,
};
use wgtrace_wire::{Error, EtherType, Ethernet, Icmpv4, Ipv4, Ipv6, Protocol, Tcp, Udp, ip, vlan};

/// The headers of `packet`.
pub fn parse(packet: &[u8], start: Start) -> Headers {
    let mut headers = Headers::default();
    headers.end = layers(packet, start, &mut headers).err().unwrap_or(End::Whole);
    headers
}

fn layers(packet: &[u8], start: Start, headers: &mut Headers) -> Result<(), End> {
    if start == Start::Ip {
        // A header that is not there in part announces nothing.
        if packet.len() >= 20 {
            headers.ethertype = match ip::version(packet) {
                Some(4) => EtherType::IPV4.0,
                Some(6) => EtherType::IPV6.0,
                _ => 0,
            };
        }
        return internet(packet, headers);
    }
    let ethernet = Ethernet::parse(packet).map_err(end)?;
    let tags = vlan::Stack::parse(ethernet.ethertype(), ethernet.payload()).map_err(end)?;
    headers.ethertype = tags.ethertype().0;
    match tags.ethertype() {
        EtherType::IPV4 | EtherType::IPV6 => internet(tags.payload(), headers),
        _ => Err(End::NotIp),
    }
}

fn end(error: Error) -> End {
    match error {
        Error::Truncated { .. } => End::Truncated,
        Error::WrongVersion(_) => End::WrongVersion,
        Error::BadLength { .. } => End::BadLength,
        Error::TooDeep { .. } => End::TooDeep,
        Error::NotWireGuard | Error::WrongLength { .. } | _ => panic!("{error}"),
    }
}

fn internet(packet: &[u8], headers: &mut Headers) -> Result<(), End> {
    if ip::version(packet) == Some(6) && packet.len() >= 20 {
        return v6(packet, headers);
    }
    let view = Ipv4::parse(packet).map_err(end)?;
    addresses(headers, view.src().to_ipv6_mapped(), view.dst().to_ipv6_mapped());
    let upper_layer = view.upper();
    let known = upper_layer.fragment.map_or(0, |part| fragment(part.offset));
    headers.known |= known;
    // What a length of 0 leaves open, the frame's own decides.
    let claimed = upper_layer.claimed_len.unwrap_or(packet.len() - upper_layer.offset);
    upper(headers, upper_layer.protocol, upper_layer.payload, claimed)
}

fn v6(packet: &[u8], headers: &mut Headers) -> Result<(), End> {
    let view = Ipv6::parse(packet).map_err(end)?;
    addresses(headers, view.src(), view.dst());
    let claimed = view.claimed_len().filter(|&len| u16::try_from(len).is_ok());
    let mut left = view.payload();
    let mut next = view.next_header();
    for extension in Chain::new(next, left) {
        let extension = extension.map_err(end)?;
        let len = match (&extension, left) {
            (Extension::Fragment(_), _) => 8,
            (Extension::Authentication(body) | Extension::Routing(body), _) => body.len() + 2,
            (_, &[_, words, ..]) => (usize::from(words) + 1) * 8,
            _ => unreachable!(),
        };
        next = Protocol(left[0]);
        left = &left[len..];
        if let Extension::Fragment(header) = extension
            && header.fragment().is_partial()
        {
            headers.known |= fragment(header.fragment().offset);
            if headers.knows(Headers::LATER_FRAGMENT) {
                if next.is_extension() {
                    return Ok(());
                }
                break;
            }
        }
    }
    let walked = view.payload().len() - left.len();
    let claimed = claimed.map_or(left.len(), |len| len.saturating_sub(walked));
    upper(headers, next, left, claimed)
}

fn fragment(offset: u16) -> u8 {
    if offset == 0 { Headers::FIRST_FRAGMENT } else { Headers::LATER_FRAGMENT }
}

fn addresses(headers: &mut Headers, source: Ipv6Addr, destination: Ipv6Addr) {
    headers.source = Address(source.octets());
    headers.destination = Address(destination.octets());
    headers.known |= Headers::ADDRESSES;
}

fn upper(headers: &mut Headers, protocol: Protocol, payload: &[u8], claimed: usize) -> Result<(), End> {
    headers.protocol = protocol.0;
    headers.known |= Headers::PROTOCOL;
    if headers.knows(Headers::LATER_FRAGMENT) {
        return Ok(());
    }
    match protocol {
        Protocol::UDP => {
            let view = Udp::parse(payload).map_err(end)?;
            ports(headers, view.src_port(), view.dst_port());
            let rest = claimed.saturating_sub(Udp::HEADER_LEN);
            let own = view.claimed_len();
            let claimed = if headers.knows(Headers::FIRST_FRAGMENT) {
                own.unwrap_or(0)
            } else {
                own.filter(|&len| len <= rest).unwrap_or(rest)
            };
            headers.wireguard = message(&payload[Udp::HEADER_LEN..], claimed).unwrap_or_default();
        }
        Protocol::TCP => {
            let view = Tcp::parse(payload).map_err(end)?;
            ports(headers, view.src_port(), view.dst_port());
        }
        Protocol::ICMP | Protocol::ICMPV6 => {
            let view = Icmpv4::parse(payload).map_err(end)?;
            headers.icmp = [view.kind(), view.code()];
            headers.known |= Headers::ICMP;
        }
        _ => {}
    }
    Ok(())
}

fn ports(headers: &mut Headers, source: u16, destination: u16) {
    headers.source_port = source;
    headers.destination_port = destination;
    headers.known |= Headers::PORTS;
}

fn message(payload: &[u8], claimed: usize) -> Option<WireGuard> {
    let start: &[u8; 16] = payload.first_chunk().filter(|_| reserved_is_zero(payload))?;
    // As long as it claims to be: only the clear start is looked at.
    let mut whole = start.to_vec();
    whole.resize(claimed, 0);
    let none = WireGuard::default();
    let message = match Message::parse(&whole).ok()? {
        Message::Initiation(it) => WireGuard { kind: Initiation::TYPE, sender: it.sender.get(), ..none },
        Message::Response(it) => {
            WireGuard { kind: Response::TYPE, sender: it.sender.get(), receiver: it.receiver.get(), ..none }
        }
        Message::CookieReply(it) => {
            WireGuard { kind: CookieReply::TYPE, receiver: it.receiver.get(), ..none }
        }
        Message::TransportData(it) => WireGuard {
            kind: TransportHeader::TYPE,
            receiver: it.header.receiver.get(),
            counter: it.header.counter.get(),
            ..none
        },
    };
    (message.kind != TransportHeader::TYPE || claimed.is_multiple_of(16)).then_some(message)
}
