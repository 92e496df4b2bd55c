//! Every parser of `wgtrace-wire` on the same bytes.

use wgtrace_wire::ip::Upper;
use wgtrace_wire::wireguard::{Message, TAG_LEN, TransportHeader, reserved_is_zero};
use wgtrace_wire::{
    Arp, Error, EtherType, Ethernet, Icmpv4, Icmpv6, Ip, Ipv4, Ipv6, Protocol, Tcp, Udp, checksum, ip, vlan,
};
use zerocopy::IntoBytes as _;

/// Reads `data` as everything, and what it holds as what it says it is.
pub fn run(data: &[u8]) {
    message(data);
    arp(data);
    frame(data);
    ipv4(data);
    ipv6(data);
    tags(EtherType::VLAN, data);
    for protocol in [Protocol::UDP, Protocol::TCP, Protocol::ICMP, Protocol::ICMPV6] {
        upper(protocol, data);
    }
    for next in [Protocol::HOP_BY_HOP, Protocol::ROUTING, Protocol::FRAGMENT, Protocol::AUTHENTICATION] {
        chain(next, data);
    }
    sums(data);
}

/// The outcome of `parse`, once its refusals make sense and more bytes do not turn a success into one.
fn parsed<'d, T>(
    data: &'d [u8],
    parse: impl Fn(&[u8]) -> Result<(), Error>,
    view: fn(&'d [u8]) -> Result<T, Error>,
) -> Option<T> {
    let result = parse(data);
    if let Err(Error::Truncated { need, have }) = result {
        assert!(have < need, "{have} bytes suffice for {need}");
        let mut longer = data.to_vec();
        // What is missing may be missing from a part of the data only.
        longer.resize(data.len() + (need - have), 0);
        assert_ne!(parse(&longer), Err(Error::Truncated { need, have }), "still lacks what was added");
    }
    if parse(&data[..data.len() / 2]).is_ok() {
        assert_eq!(result, Ok(()), "half of it can be read, all of it cannot");
    }
    view(data).ok()
}

macro_rules! parsed {
    ($type:ident, $data:expr) => {
        parsed($data, |bytes| $type::parse(bytes).map(|_| ()), $type::parse)
    };
}

fn message(data: &[u8]) {
    match Message::parse(data) {
        Ok(Message::Initiation(message)) => assert_eq!(message.as_bytes(), data),
        Ok(Message::Response(message)) => assert_eq!(message.as_bytes(), data),
        Ok(Message::CookieReply(message)) => assert_eq!(message.as_bytes(), data),
        Ok(Message::TransportData(message)) => {
            let (header, sealed) = data.split_at(TransportHeader::LEN);
            assert_eq!((message.header.as_bytes(), message.sealed), (header, sealed));
            assert!(sealed.len() >= TAG_LEN);
        }
        Err(Error::WrongLength { need, have }) => {
            assert_eq!(have, data.len());
            // Transport data has a least length, the others have one.
            assert!(have < need || data[0] != TransportHeader::TYPE);
            assert_ne!(need, have);
            let mut right = data.to_vec();
            right.resize(need, 0);
            assert!(Message::parse(&right).is_ok());
        }
        Err(error) => {
            assert_eq!(error, Error::NotWireGuard);
            assert!(!matches!(data.first(), Some(1..=4)));
        }
    }
    assert_eq!(reserved_is_zero(data), data.len() >= 4 && data[1..4] == [0; 3]);
}

fn arp(data: &[u8]) {
    let Some(arp) = parsed!(Arp, data) else { return };
    let lengths = (usize::from(arp.header().hardware_len), usize::from(arp.header().protocol_len));
    assert_eq!(arp.addresses().len(), 2 * (lengths.0 + lengths.1));
    lies_at(data, size_of::<wgtrace_wire::arp::Header>(), arp.addresses());
    assert!(arp.ethernet_ipv4().is_none() || lengths == (6, 4));
}

fn frame(data: &[u8]) {
    let Some(frame) = parsed!(Ethernet, data) else { return };
    assert_eq!(frame.header().as_bytes(), &data[..14]);
    lies_at(data, 14, frame.payload());
    claims(data.len() - 14, frame.payload(), frame.claimed_len());
    tags(frame.ethertype(), frame.payload());
    let _ = (frame.src().to_string(), frame.dst().to_string());
}

fn tags(ethertype: EtherType, payload: &[u8]) {
    let Ok(stack) = vlan::Stack::parse(ethertype, payload) else { return };
    assert!(stack.tags().len() <= vlan::MAX_TAGS);
    assert!(!stack.ethertype().is_vlan());
    lies_at(payload, stack.tags().len() * 4, stack.payload());
    let last = stack.tags().last().map_or(ethertype, vlan::Tag::ethertype);
    assert_eq!(last, stack.ethertype());
    match stack.ethertype() {
        EtherType::IPV4 => ipv4(stack.payload()),
        EtherType::IPV6 => ipv6(stack.payload()),
        EtherType::ARP => arp(stack.payload()),
        _ => {}
    }
}

fn ipv4(data: &[u8]) {
    let Some(packet) = parsed!(Ipv4, data) else { return };
    assert_eq!(ip::version(data), Some(4));
    assert!((20..=60).contains(&packet.header_len()));
    lies_at(data, 20, packet.options_bytes());
    assert_eq!(20 + packet.options_bytes().len(), packet.header_len());
    assert!(packet.options().count() <= packet.options_bytes().len());
    lies_at(data, packet.header_len(), packet.payload());
    claims(data.len() - packet.header_len(), packet.payload(), packet.claimed_len());
    assert_eq!(packet.fragment().offset % 8, 0);
    let _ = packet.checksum_is_valid();
    above(data, Ip::V4(packet));
}

fn ipv6(data: &[u8]) {
    let Some(packet) = parsed!(Ipv6, data) else { return };
    assert_eq!(ip::version(data), Some(6));
    lies_at(data, 40, packet.payload());
    claims(data.len() - 40, packet.payload(), packet.claimed_len());
    above(data, Ip::V6(packet));
}

fn above(data: &[u8], packet: Ip<'_>) {
    assert_eq!(Ip::parse(data), Ok(packet));
    assert!(packet.packet_len().is_none_or(|len| len >= 20));
    let Ok(Upper { protocol, offset, payload, claimed_len, fragment }) = packet.upper() else { return };
    lies_at(data, offset, payload);
    claims(data.len() - offset, payload, claimed_len);
    assert!(fragment.is_none_or(wgtrace_wire::ip::Fragment::is_partial));
    if fragment.is_none_or(|fragment| fragment.offset == 0) {
        upper(protocol, payload);
    }
}

fn upper(protocol: Protocol, data: &[u8]) {
    match protocol {
        Protocol::UDP => {
            let Some(datagram) = parsed!(Udp, data) else { return };
            lies_at(data, 8, datagram.payload());
            claims(data.len() - 8, datagram.payload(), datagram.claimed_len());
            message(datagram.payload());
        }
        Protocol::TCP => {
            let Some(segment) = parsed!(Tcp, data) else { return };
            lies_at(data, 20, segment.options_bytes());
            lies_at(data, segment.header_len(), segment.payload());
            assert_eq!(segment.payload().len() + segment.header_len(), data.len());
            assert!(segment.options().count() <= segment.options_bytes().len());
            let _ = segment.flags().to_string();
        }
        Protocol::ICMP => {
            let Some(message) = parsed!(Icmpv4, data) else { return };
            lies_at(data, 8, message.body());
            let _ = message.message();
        }
        Protocol::ICMPV6 => {
            let Some(message) = parsed!(Icmpv6, data) else { return };
            lies_at(data, 8, message.body());
            let _ = message.message();
        }
        _ => {}
    }
}

/// Extension headers as a chain, and as the walk to what they end in.
fn chain(next: Protocol, data: &[u8]) {
    use wgtrace_wire::ipv6::extension::{Chain, Extension, MAX_EXTENSIONS, upper};
    let mut errors = 0;
    let mut headers = Chain::new(next, data);
    for extension in headers.by_ref() {
        match extension {
            Ok(Extension::HopByHop(options) | Extension::DestinationOptions(options)) => {
                assert!(options.count() <= data.len());
            }
            Ok(Extension::Routing(body) | Extension::Authentication(body)) => {
                assert!(body.len() < data.len());
            }
            Ok(Extension::Fragment(header)) => assert_eq!(header.fragment().offset % 8, 0),
            Err(_) => errors += 1,
        }
    }
    assert!(errors <= 1 && headers.next().is_none());
    assert!(Chain::new(next, data).count() <= MAX_EXTENSIONS + 1);
    if let Ok(upper) = upper(next, data, Some(data.len())) {
        lies_at(data, upper.offset, upper.payload);
        assert_eq!(upper.claimed_len, Some(upper.payload.len()));
    }
}

/// A sum over parts is the sum over the whole, and bytes that hold their own sum add up to nothing.
fn sums(data: &[u8]) {
    let whole = checksum::internet(&[data]);
    let (front, back) = data.split_at(data.len() / 2 / 2 * 2);
    assert_eq!(checksum::internet(&[front, back]), whole);
    if data.len().is_multiple_of(2) && data.iter().any(|&byte| byte != 0) {
        assert_eq!(checksum::internet(&[data, &whole.to_be_bytes()]), 0);
    }
}

/// `part` is a piece of `data` from `offset` on.
fn lies_at(data: &[u8], offset: usize, part: &[u8]) {
    let place = data.get(offset..).and_then(|rest| rest.get(..part.len())).expect("lies outside");
    assert!(part.is_empty() || std::ptr::eq(place, part), "lies elsewhere");
}

/// The payload is what is there of what was claimed.
fn claims(room: usize, payload: &[u8], claimed: Option<usize>) {
    assert_eq!(payload.len(), claimed.map_or(room, |claimed| claimed.min(room)));
}
