//! The committed captures as trace events, against what decrypt's dissector finds in them.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reads the captures it is about, and what it expects and does not find fails it"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wgtrace_abi::{ABI_VERSION, Hook, PacketEvent};
use wgtrace_decrypt::capture::{Chunk, LinkType, Reader};
use wgtrace_decrypt::dissect::Dissector;
use wgtrace_flow::packet::{IpPacket, Network, Transport};
use wgtrace_flow::{FlowTable, Limits, WireGuard, decode, pcapng};
use wgtrace_wire::wireguard::{Message, reserved_is_zero};
use zerocopy::{FromZeros, IntoBytes};

const ETHERNET: LinkType = LinkType(1);
const RAW: LinkType = LinkType(101);

/// Every capture of the repository.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|scenario| {
            let scenario = scenario.unwrap().path();
            ["capture.pcapng", "capture.pcap"].map(|name| scenario.join(name))
        })
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    assert!(found.len() >= 20, "{} captures", found.len());
    found
}

/// The record that a program would have written of a frame.
fn record(link: LinkType, frame: &[u8], len: u32, snaplen: usize) -> Vec<u8> {
    let captured = frame.len().min(snaplen);
    let mut event = PacketEvent::new_zeroed();
    event.version = ABI_VERSION;
    event.kind = PacketEvent::KIND;
    event.hook = Hook::TapIn.number();
    event.flags = if link == RAW { PacketEvent::L3 } else { 0 };
    event.len = len;
    event.captured = u16::try_from(captured).unwrap();
    let mut record = event.as_bytes().to_vec();
    record.extend_from_slice(&frame[..captured]);
    record
}

fn each_frame(path: &Path, mut visit: impl FnMut(&mut Chunk, usize)) {
    let mut reader = Reader::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut chunk = Chunk::default();
    while reader.fill(&mut chunk).unwrap() {
        for index in 0..chunk.frames.len() {
            visit(&mut chunk, index);
        }
    }
}

#[test]
fn datagrams_and_messages_are_those_of_the_dissector() {
    let mut compared = 0;
    for path in captures() {
        let mut dissector = Dissector::new();
        each_frame(&path, |chunk, index| {
            let frame = chunk.frames[index].clone();
            let mut found = Vec::new();
            dissector.dissect(chunk, index, &mut found);
            if (frame.link != ETHERNET && frame.link != RAW) || frame.data.len() > 65_000 {
                return;
            }
            let bytes = chunk.data(&frame).to_vec();
            let record = record(
                frame.link,
                &bytes,
                frame.original_len.max(u32::try_from(bytes.len()).unwrap()),
                65_000,
            );
            let packet = decode(&record).unwrap();
            let what = format!("{} frame {}", path.display(), frame.number);
            let (Transport::Udp(datagram), Network::Ip(IpPacket { ip, fragment: None, .. })) =
                (packet.transport, packet.network)
            else {
                return;
            };
            // A tunnel's inner datagram is the dissector's: only what is found at this level is compared.
            let ends = (ip.src(), datagram.udp.src_port(), ip.dst(), datagram.udp.dst_port());
            let Some(found) =
                found.iter().find(|it| (it.src.ip(), it.src.port(), it.dst.ip(), it.dst.port()) == ends)
            else {
                return;
            };
            let payload = &chunk.bytes[found.payload.clone()];
            assert_eq!(datagram.payload_len as usize, found.claimed, "{what}");
            assert_eq!(datagram.udp.payload(), payload, "{what}");
            compared += 1;
            if payload.len() < found.claimed || !reserved_is_zero(payload) {
                return;
            }
            let wanted = Message::parse(payload).ok().map(|message| match message {
                Message::Initiation(it) => (it.sender.get(), 0, 0),
                Message::Response(it) => (it.sender.get(), it.receiver.get(), 0),
                Message::CookieReply(it) => (0, it.receiver.get(), 0),
                Message::TransportData(it) => (0, it.header.receiver.get(), it.header.counter.get()),
            });
            let have = datagram.wireguard.map(|message| match message {
                WireGuard::Initiation { sender } => (sender.0, 0, 0),
                WireGuard::Response { sender, receiver } => (sender.0, receiver.0, 0),
                WireGuard::CookieReply { receiver } => (0, receiver.0, 0),
                WireGuard::TransportData { receiver, counter, .. } => (0, receiver.0, counter.0),
            });
            assert_eq!(have, wanted, "{what}");
        });
    }
    assert!(compared > 150, "{compared} datagrams compared");
}

#[test]
fn a_short_capture_tells_the_same_flow_and_message() {
    for path in captures() {
        let (mut whole, mut cut) =
            (FlowTable::new(Limits::default(), 1), FlowTable::new(Limits::default(), 2));
        each_frame(&path, |chunk, index| {
            let frame = &chunk.frames[index];
            if (frame.link != ETHERNET && frame.link != RAW) || frame.data.len() > 65_000 {
                return;
            }
            let bytes = chunk.data(frame);
            let len = frame.original_len.max(u32::try_from(bytes.len()).unwrap());
            let (long, short) = (record(frame.link, bytes, len, 65_000), record(frame.link, bytes, len, 128));
            let (long, short) = (decode(&long).unwrap(), decode(&short).unwrap());
            whole.update(&long);
            cut.update(&short);
            if let (Transport::Udp(long), Transport::Udp(short)) = (long.transport, short.transport) {
                assert_eq!(long.wireguard, short.wireguard, "{} frame {}", path.display(), frame.number);
            }
        });
        let keys = |table: &FlowTable| {
            let mut keys: Vec<_> = table.iter().map(|flow| *flow.key()).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&whole), keys(&cut), "{}", path.display());
    }
}

#[test]
fn tshark_reads_what_is_written() {
    let Some(mut tshark) = tool("tshark") else { return };
    let path = captures().into_iter().find(|path| path.ends_with("vlan/capture.pcapng")).unwrap();
    let (mut writer, mut out) = (pcapng::Writer::new(pcapng::Options::default()), Vec::new());
    writer.begin(&mut out);
    let mut frames = 0;
    each_frame(&path, |chunk, index| {
        let frame = &chunk.frames[index];
        let record = record(frame.link, chunk.data(frame), frame.original_len, 65_000);
        writer.write(
            &decode(&record).unwrap(),
            || pcapng::Name { name: "eth0".into(), ..Default::default() },
            &mut out,
        );
        frames += 1;
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traced.pcapng");
    std::fs::write(&file, &out).unwrap();
    let fields = ["frame.interface_name", "frame.interface_description", "frame.comment", "vlan.id"];
    tshark.arg("-r").arg(&file).args(["-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
    let ran = tshark.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(text.lines().count(), frames);
    for line in text.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(&columns[..3], ["eth0", "tap-in", "tap-in, verdict unknown, mark 0x0"], "{line}");
    }
    assert!(text.lines().any(|line| !line.ends_with('\t')), "{text}");
}

/// A program of that name; `None` when told to do without.
fn tool(name: &str) -> Option<Command> {
    let starts = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let skip = std::env::var("WGTRACE_SKIP").unwrap_or_default();
    if skip.split(',').any(|skipped| skipped.trim() == name) {
        eprintln!("skipped by WGTRACE_SKIP: {name}");
        return None;
    }
    assert!(starts.is_ok(), "{name} is not installed (WGTRACE_SKIP={name} to do without)");
    Some(Command::new(name))
}
