//! Writes the first inputs of every corpus: `cargo run --example seeds DIRECTORY`.
//!
//! Captures hold the fixed handshakes, so that mutations of them reach real sessions.

mod files;
mod packets;

use std::io::Write as _;
use std::path::Path;

use wgtrace_fuzz::scenario::{Played, Scene, key_file, seal};
use zerocopy::IntoBytes as _;

use files::{Order, block, enhanced, interface, pcap, pcapng, secrets, section};
use packets::{frames, ipv4, ipv6, links, ping, ping6, talk, udp};

fn main() -> std::io::Result<()> {
    let root = std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned());
    for (target, seeds) in
        [("wire", wire()), ("keys", keys()), ("pipeline", pipeline()), ("observer", observer())]
    {
        let dir = Path::new(&root).join(target);
        std::fs::create_dir_all(&dir)?;
        for (name, seed) in seeds {
            std::fs::write(dir.join(name), seed)?;
        }
    }
    Ok(())
}

type Seeds = Vec<(String, Vec<u8>)>;

fn wire() -> Seeds {
    let mut seeds: Seeds = Vec::new();
    for (number, (_, message)) in talk(1).into_iter().enumerate() {
        seeds.push((format!("message-{number}"), message));
    }
    for (name, _, head) in links().into_iter().filter(|(_, link, _)| *link == 1) {
        seeds.push((format!("frame-{name}"), frames(&head, &talk(0)[2..3]).remove(0)));
    }
    let mut tcp = vec![0xca, 0x6c, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 2, 0xfa, 0xf0, 0, 0, 0, 0];
    tcp.extend([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]);
    tcp.extend(b"GET /");
    seeds.push(("tcp".to_owned(), ipv4(true, 6, 0, &tcp)));
    let mut sack = vec![0xca, 0x6c, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 0x10, 0xfa, 0xf0, 0, 0, 0, 0];
    sack.extend([5, 10, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0]);
    seeds.push(("sack".to_owned(), sack));
    seeds.push(("ping".to_owned(), ping(84)));
    seeds.push(("ping6".to_owned(), ping6(24)));
    let mut options = ipv4(true, 17, 0, &udp(true, &[4; 32]));
    options[0] = 0x46;
    options.splice(20..20, [0x94, 4, 0, 0]);
    seeds.push(("options".to_owned(), options));
    let chain =
        [&[43, 0, 5, 2, 0, 0, 1, 0][..], &[51, 0, 0, 0, 0, 0, 0, 0], &[44, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]];
    let fragment = [17, 0, 0, 1, 0, 0, 0, 7];
    seeds.push((
        "extensions".to_owned(),
        ipv6(0, &[&chain.concat(), &fragment[..], &udp(true, &[4; 32])].concat()),
    ));
    let jumbo = [17, 0, 0xc2, 4, 0, 1, 0, 9];
    let mut packet = ipv6(0, &[&jumbo[..], &udp(true, &[4; 32])].concat());
    packet[4..6].fill(0);
    seeds.push(("jumbogram".to_owned(), packet));
    seeds.push((
        "arp".to_owned(),
        vec![0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2],
    ));
    seeds.push((
        "neighbor".to_owned(),
        ipv6(58, &[&[135, 0, 0, 0, 0, 0, 0, 0][..], &[0xfd; 16], &[1, 1, 2, 0, 0, 0, 0, 1]].concat()),
    ));
    seeds
}

fn keys() -> Seeds {
    let all = key_file();

    let key = &all[all.find("= ").expect("a value") + 2..][..44];
    let texts = [
        ("log", all.clone()),
        ("windows", format!("\u{feff}{}", all.replace('\n', " \r\n"))),
        ("bare", format!("{key}\n")),
        ("hex", format!("PRIVATEKEY={}\n", "1a".repeat(32))),
        (
            "configuration",
            format!(
                "[Interface]\nPrivateKey = {key}\nAddress = 10.0.0.1/24 # here\nListenPort = 51820\n\n[Peer]\nPublicKey = {key}\nPresharedKey = {key}\nAllowedIPs = 0.0.0.0/0\nEndpoint = [::1]:51820\n"
            ),
        ),
        (
            "alias",
            format!(
                "New handshake session:\nPRE_SHARED_KEY={key}\nLOCAL_EPHEMERAL_PRIVATE_KEY={key}\nPRE_SHARED_KEY={key}\n"
            ),
        ),
        (
            "transport",
            format!(
                "0x1 {key}\n0xDEADBEEF {key} recv t=-1.5 peer={key}\n0x0000000f {key} t=1700000000.123456789 send\n"
            ),
        ),
        (
            "faults",
            format!(
                "0x {key}\n0x1\n0x1 {}=\n0x1 {key} up\n0x1 {key} send recv\n0x1 {key} t=1.\nNAME = {key}\nPRESHARED_KEY = short\nPRESHARED_KEY = {}\n\u{e9}\n",
                "A".repeat(43),
                "?".repeat(44)
            ),
        ),
        ("zero", format!("PRESHARED_KEY = {}=\n", "A".repeat(43))),
        ("tls", "CLIENT_RANDOM 00 00\n".to_owned()),
        ("pem", "-----BEGIN PRIVATE KEY-----\n".to_owned()),
        ("many", "x\n".repeat(30)),
        ("none", "# nothing\n".to_owned()),
    ];
    let mut seeds: Seeds =
        texts.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    seeds.push(("utf16".to_owned(), vec![0xff, 0xfe, b'P', 0]));
    seeds.push(("binary".to_owned(), vec![0, 1, 2, 0xff]));
    seeds
}

fn pipeline() -> Seeds {
    let mut seeds: Seeds = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| seeds.push((name.to_owned(), bytes));
    let little = |link, frames: &[Vec<u8>]| pcap(Order::Little, 0xa1b2_c3d4, link, frames);
    for (name, link, head) in links() {
        add(&format!("link-{name}"), little(link, &frames(&head, &talk(1))));
    }
    let ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    for n in 0..5 {
        add(&format!("keys-{n}"), little(101, &frames(&[], &talk(n))));
    }
    let (mut backwards, mut twice) = (talk(0), talk(0));
    backwards.reverse();
    add("backwards", little(101, &frames(&[], &backwards)));
    twice.extend(talk(0));
    add("twice", little(101, &frames(&[], &twice)));
    add("middle", little(101, &frames(&[], &talk(3)[2..])));
    let mut warp = talk(0);
    warp.iter_mut().for_each(|(_, message)| message[1..4].copy_from_slice(&[9, 8, 7]));
    add("reserved", little(101, &frames(&[], &warp)));
    warp.reverse();
    add("reserved-backwards", little(101, &frames(&[], &warp)));
    add("big-endian-nanoseconds", pcap(Order::Big, 0xa1b2_3c4d, 1, &frames(&ethernet, &talk(2))));
    let mut whole = little(1, &frames(&ethernet, &talk(2)));
    add("cut", whole[..whole.len() - 20].to_vec());
    let at = whole.len() / 2;
    whole[at..at + 24].fill(0xff);
    add("damaged", whole);

    // Several messages in one datagram, as segmentation offload leaves them.
    let mut pair = Scene::fixed(0).play();
    let mut segments: Vec<u8> = (0..4).flat_map(|_| seal(&mut pair.initiator, &ping(60))).collect();
    segments.extend(seal(&mut pair.initiator, &ping(28)));
    let mut offload = talk(0)[..2].to_vec();
    offload.push((true, segments));
    let mut offload = frames(&[], &offload);
    add("offload", little(101, &offload));
    let cut = offload[2].len() - 150;
    let mut snapped = little(101, &offload);
    let record = snapped.len() - offload[2].len() - 16;
    snapped[record + 8..record + 12].copy_from_slice(&(cut as u32).to_le_bytes());
    snapped.truncate(record + 16 + cut);
    add("offload-snapped", snapped);
    offload[2].truncate(100);
    add("offload-truncated", little(101, &offload));

    // One datagram in three fragments, the last one first.
    let mut parts = frames(&[], &talk(1));
    let big = udp(true, &talk(1)[5].1);
    for (offset, end) in [(48, big.len()), (0, 24), (24, 48)] {
        let more = if end == big.len() { 0 } else { 0x2000 };
        parts.push(ipv4(true, 17, more | (offset / 8) as u16, &big[offset..end]));
    }
    add("fragments", little(101, &parts));
    let (first, last) = big.split_at(40);
    let six = |offset: u16, part: &[u8]| {
        ipv6(44, &[&[17, 0][..], &offset.to_be_bytes(), &[0, 0, 0, 5], part].concat())
    };
    let mut parts = frames(&[], &talk(1))[..2].to_vec();
    parts.extend([six(1, first), six(40, last), six(40, last)]);
    add("fragments6", little(101, &parts));

    // Tunnels around the tunnel.
    let inside = frames(&ethernet, &talk(0));
    let vxlan: Vec<_> = inside
        .iter()
        .map(|frame| {
            let mut around = udp(true, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], frame].concat());
            around[2..4].copy_from_slice(&4789_u16.to_be_bytes());
            ipv4(true, 17, 0, &around)
        })
        .collect();
    add("vxlan", little(101, &vxlan));
    let geneve: Vec<_> = inside
        .iter()
        .map(|frame| {
            let mut around = udp(true, &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], frame].concat());
            around[2..4].copy_from_slice(&6081_u16.to_be_bytes());
            ipv4(true, 17, 0, &around)
        })
        .collect();
    add("geneve", little(101, &geneve));
    let bare = frames(&[], &talk(0));
    add("ipip", little(101, &bare.iter().map(|packet| ipv4(true, 4, 0, packet)).collect::<Vec<_>>()));
    let gre: Vec<_> =
        bare.iter().map(|packet| ipv4(true, 47, 0, &[&[0, 0, 8, 0][..], packet].concat())).collect();
    add("gre", little(101, &gre));

    for (name, order) in [("little", Order::Little), ("big", Order::Big)] {
        let options =
            [&order.u16(2)[..], &order.u16(4), b"eth0", &order.u16(9), &order.u16(1), &[9, 0, 0, 0], &[0; 4]]
                .concat();
        let mut blocks = vec![interface(order, 1, &options), interface(order, 101, &[])];
        blocks.push(block(order, 4, &[&[0; 4]]));
        blocks.extend(frames(&ethernet, &talk(0)).iter().map(|frame| enhanced(order, 0, frame)));
        blocks.extend(frames(&[], &talk(1)).iter().map(|frame| enhanced(order, 1, frame)));
        let simple = frames(&ethernet, &talk(0)).remove(3);
        blocks.push(block(order, 3, &[&order.u32(simple.len() as u32), &simple]));
        let section = pcapng(order, &blocks);
        add(&format!("pcapng-{name}"), section.clone());
        let other = pcapng(Order::Big, &[interface(Order::Big, 101, &[]), enhanced(Order::Big, 0, &bare[3])]);
        add(&format!("pcapng-{name}-sections"), [section, other].concat());
        let mut late: Vec<Vec<u8>> = vec![interface(order, 101, &[])];
        late.extend(frames(&[], &talk(4)).iter().map(|frame| enhanced(order, 0, frame)));
        late.insert(4, secrets(order, &Scene::fixed(4).key_log(1)));
        add(&format!("pcapng-{name}-secrets"), pcapng(order, &late));
    }

    let mut late = vec![interface(Order::Little, 101, &[])];
    let mut warp = talk(4);
    warp.iter_mut().for_each(|(_, message)| message[1..4].copy_from_slice(&[9, 8, 7]));
    late.extend(frames(&[], &warp).iter().map(|frame| enhanced(Order::Little, 0, frame)));
    late.push(secrets(Order::Little, &Scene::fixed(4).key_log(1)));
    add("reserved-secrets", pcapng(Order::Little, &late));
    let carried: Vec<_> = {
        let mut carrier = Scene::fixed(1).play();
        let mut sealed = talk(1)[..2].to_vec();
        sealed.extend(bare.iter().map(|packet| (true, seal(&mut carrier.initiator, packet))));
        frames(&[], &sealed)
    };
    add("nested", little(101, &carried));

    let small = little(101, &frames(&[], &talk(0)));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&small).expect("buffers take everything");
    add("gzip", gzip.finish().expect("buffers take everything"));
    add("zstd", zstd::encode_all(&small[..], 19).expect("buffers take everything"));
    seeds
}

/// Bytes without a pattern, each a story of its own.
fn observer() -> Seeds {
    let mut state = 1_u64;
    let mut byte = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..24).map(|n| (format!("story-{n}"), (0..180 + n * 20).map(|_| byte()).collect())).collect()
}
