//! What is in a capture.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::IpAddr;
use std::path::Path;

use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use wgtrace_wire::tcp::Flags;
use wgtrace_wire::wireguard::{Message, SessionIndex};
use wgtrace_wire::{Ethernet, Ip, Protocol, Tcp, Udp};

/// IP packets in the order of the file, by who sent them.
pub(crate) type BySource = BTreeMap<IpAddr, Vec<Vec<u8>>>;

/// Reads the IP packets of a classic pcap, of Ethernet or of bare IP.
pub(crate) fn read(path: &Path) -> Vec<Vec<u8>> {
    let mut reader = PcapReader::new(File::open(path).unwrap()).unwrap();
    let is_ethernet = reader.header().datalink == DataLink::ETHERNET;
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let data = packet.unwrap().data().to_vec();
        packets.push(if is_ethernet { Ethernet::parse(&data).unwrap().payload().to_vec() } else { data });
    }
    packets
}

/// The packets between these addresses, without their transport checksums: devices leave those unfinished.
pub(crate) fn between(packets: &[Vec<u8>], addresses: &[IpAddr]) -> BySource {
    let mut by_source = BySource::new();
    for packet in packets {
        let ip = Ip::parse(packet).unwrap();
        if addresses.contains(&ip.src()) && addresses.contains(&ip.dst()) {
            by_source.entry(ip.src()).or_default().push(without_checksum(packet));
        }
    }
    by_source
}

fn without_checksum(packet: &[u8]) -> Vec<u8> {
    let upper = Ip::parse(packet).unwrap().upper().unwrap();
    let at = match upper.protocol {
        Protocol::UDP => 6,
        Protocol::TCP => 16,
        other => panic!("{other:?} is not expected here"),
    };
    let mut packet = packet.to_vec();
    packet[upper.offset + at..][..2].fill(0);
    packet
}

/// How long they are.
pub(crate) fn lengths(packets: &BySource) -> BTreeMap<IpAddr, Vec<usize>> {
    packets.iter().map(|(source, packets)| (*source, packets.iter().map(Vec::len).collect())).collect()
}

/// What each end sent on each TCP connection, put together again; zeroes stand for what is missing.
pub(crate) fn streams(packets: &[Vec<u8>]) -> BTreeMap<(IpAddr, u16, u16), Vec<u8>> {
    let mut starts = BTreeMap::new();
    let mut streams: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    for packet in packets {
        let ip = Ip::parse(packet).unwrap();
        let upper = ip.upper().unwrap();
        if upper.protocol != Protocol::TCP {
            continue;
        }
        let tcp = Tcp::parse(upper.payload).unwrap();
        let (from, payload) = ((ip.src(), tcp.src_port(), tcp.dst_port()), tcp.payload());
        if tcp.flags().contains(Flags::SYN) {
            starts.insert(from, tcp.sequence().wrapping_add(1));
        }
        if !payload.is_empty() {
            let start = starts.get(&from).expect("the connection begins in the capture");
            let at = usize::try_from(tcp.sequence().wrapping_sub(*start)).unwrap();
            let (stream, end) = (streams.entry(from).or_default(), at + payload.len());
            stream.resize(end.max(stream.len()), 0);
            stream[at..end].copy_from_slice(payload);
        }
    }
    streams
}

/// The WireGuard messages of one end.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) initiations: usize,
    pub(crate) responses: usize,
    /// Receiver indices of transport data, each run of one once.
    pub(crate) receivers: Vec<SessionIndex>,
}

/// The WireGuard messages in the packets of an outer device, by who sent them.
pub(crate) fn messages(packets: &[Vec<u8>]) -> BTreeMap<IpAddr, Sent> {
    let mut by_source = BTreeMap::<_, Sent>::new();
    for packet in packets {
        let ip = Ip::parse(packet).unwrap();
        let upper = ip.upper().unwrap();
        let datagram = Udp::parse(upper.payload).unwrap();
        let sent = by_source.entry(ip.src()).or_default();
        match Message::parse(datagram.payload()) {
            Ok(Message::Initiation(_)) => sent.initiations += 1,
            Ok(Message::Response(_)) => sent.responses += 1,
            Ok(Message::TransportData(data)) => sent.receivers.push(SessionIndex(data.header.receiver.get())),
            Ok(Message::CookieReply(_)) | Err(_) => {}
        }
    }
    for sent in by_source.values_mut() {
        sent.receivers.dedup();
    }
    by_source
}
