//! Datagrams that are more, less or something else than one message.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use pcap_file::Endianness;
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_wire::wireguard::SessionIndex;

use super::{ping, pods, pong};
use crate::captures::link::Link;
use crate::captures::packet::{self, Header};
use crate::captures::scenario::{Fail, Inside, KEYS, Known, Run, Scenario, TRANSPORT};
use crate::captures::stage::{A, B, Frame, Kind, Sent, Stage};

const NONE: &PresharedKey = &PresharedKey::NONE;

pub(super) fn truncated() -> Result<Scenario> {
    const SNAPLEN: u32 = 200;
    let mut stage = Stage::pair("truncated");
    stage.snaplen = usize::try_from(SNAPLEN)?;
    let mut session = stage.handshake(A, B, NONE)?;
    let [a, b] = pods();
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &packet::bulk(b, a, 1420, 0x77))?;
    stage.send(&mut session, B, &packet::bulk(b, a, 127, 0x77))?;
    stage.send(&mut session, B, &pong(0))?;
    stage.send(&mut session, A, &packet::bulk(a, b, 200, 0x77))?;
    Ok(Scenario::new(
        "truncated",
        stage,
        "Captured with a snapshot length of 200 bytes (classic pcap, little-endian)",
        "Cut messages are reported as truncated, not as a wrong key; whole ones open",
    )
    .in_pcap(Endianness::Little, SNAPLEN)
    .failing(|frame: &Frame, _: &Sent| {
        let (have, need) = (frame.bytes.len(), frame.original);
        (have < need)
            .then(|| Fail { kind: "truncated", reason: format!("truncated at {have} of {need} bytes") })
    }))
}

pub(super) fn fragments() -> Result<Scenario> {
    let mut stage = Stage::pair("fragments");
    in_fragments(&mut stage)?;
    Ok(Scenario::new(
        "fragments",
        stage,
        "Outer IPv4 fragments of 576 bytes in order, backwards and mixed; of one datagram a fragment is lost",
        "Fragments are put together in any order, and the datagram opens in the frame that completes it",
    ))
}

pub(super) fn fragments_ipv6() -> Result<Scenario> {
    let nodes: [SocketAddr; 2] = [
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 3], 51_820).into(),
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 4], 51_820).into(),
    ];
    let mut stage = Stage::new("fragments-ipv6", &nodes);
    in_fragments(&mut stage)?;
    Ok(Scenario::new(
        "fragments-ipv6",
        stage,
        "The same with outer IPv6 and its fragment header",
        "The same for the fragment header",
    ))
}

fn in_fragments(stage: &mut Stage) -> Result<()> {
    const ROOM: usize = 552;
    let [a, b] = pods();
    let mut session = stage.handshake(A, B, NONE)?;
    for (order, fill) in [(&[0, 1, 2][..], 1), (&[2, 1, 0], 2), (&[1, 2], 3), (&[1, 0, 2], 4)] {
        let sent = stage.seal(&mut session, A, &packet::bulk(a, b, 1400, fill))?;
        stage.transmit_in_fragments(sent, ROOM, order);
    }
    stage.send(&mut session, B, &pong(0))
}

pub(super) fn gso() -> Result<Scenario> {
    let mut stage = Stage::pair("gso");
    let mut session = stage.handshake(A, B, NONE)?;
    let [a, b] = pods();
    stage.send(&mut session, A, &ping(0))?;
    for lens in [&[600, 600, 600, 600, 240][..], &[84, 84, 84], &[1000, 60]] {
        let sealed: Result<Vec<_>> =
            lens.iter().map(|&len| stage.seal(&mut session, A, &packet::bulk(a, b, len, 0x60))).collect();
        stage.transmit(sealed?);
    }
    stage.send(&mut session, B, &pong(0))?;
    Ok(Scenario::new(
        "gso",
        stage,
        "UDP GSO super-frames as a sending host captures them: five messages with a shorter last \
         one, three of one length, two",
        "Super-frames are split into their messages",
    ))
}

pub(super) fn reserved() -> Result<Scenario> {
    let mut stage = Stage::pair("reserved-bytes");
    stage.reserved = [0x9c, 0x31, 0x5f];
    let mut session = stage.handshake(A, B, NONE)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    let mut scenario = Scenario::new(
        "reserved-bytes",
        stage,
        "Every message has an identifier in its reserved bytes, put there after the MACs were \
         made (Cloudflare WARP)",
        "Reserved bytes are tolerated where keys prove that it is WireGuard",
    );
    for run in &mut scenario.runs {
        run.is_blind = run.known == Known::TransportKeys;
    }
    Ok(scenario)
}

pub(super) fn not_wireguard() -> Result<Scenario> {
    let mut stage = Stage::pair("not-wireguard");
    let client: SocketAddr = ([192, 0, 2, 3], 40_053).into();
    let server: SocketAddr = ([192, 0, 2, 53], 53).into();
    let query = b"\x04\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01";
    let mut session = stage.handshake(A, B, NONE)?;
    stage.datagram(client, server, query, Kind::Foreign, Vec::new());
    // Types 0 and 5, type 1 of a wrong length, type 4 too short, type 4 with reserved bytes, nothing.
    let noise = stage.draw();
    let strangers = [
        [&[0, 0, 0, 0][..], &noise].concat(),
        [&[5, 0, 0, 0][..], &noise].concat(),
        [&[1, 0, 0, 0][..], &noise].concat(),
        [&[4, 0, 0, 0][..], &[7; 27]].concat(),
        [&[4, 1, 2, 3][..], &noise].concat(),
        Vec::new(),
    ];
    for payload in &strangers {
        stage.datagram(client, server, payload, Kind::Foreign, Vec::new());
    }
    // Nobody can tell this one from a message for a session that is not known.
    let payload = [&[4, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde][..], &3_u64.to_le_bytes(), &noise].concat();
    let sent = Sent {
        by: A,
        from: client,
        to: server,
        receiver: SessionIndex(0xdead_beef),
        counter: 3,
        content: None,
        bytes: payload,
    };
    stage.transmit(vec![sent]);
    let [a, b] = [client.ip(), server.ip()];
    stage.packet(a, b, &packet::echo(a, b, 64, false, 1, 1, &[0; 32]), Kind::Alien, Vec::new());
    stage.packet(a, b, &packet::tcp(client, server, 1, 0, 0x02, &[]), Kind::Alien, Vec::new());
    stage.packet(a, b, &packet::ip(a, b, Header::of(89), &[2, 1, 0, 44]), Kind::Alien, Vec::new());
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    Ok(Scenario::new(
        "not-wireguard",
        stage,
        "One session among DNS, ICMP, TCP, OSPF, and UDP that resembles WireGuard more and more; \
         the last of it is a message but for its tag",
        "Other traffic is counted and costs nothing; what might be WireGuard is named with its index",
    ))
}

pub(super) fn nested() -> Result<Scenario> {
    let [a, b] = pods();
    let mut inner =
        Stage::new("nested, inner", &[([10, 0, 1, 203], 51_820).into(), ([10, 0, 2, 194], 51_820).into()]);
    inner.link = Link::Raw;
    let mut session = inner.handshake(A, B, NONE)?;
    let (a, b) = (SocketAddr::from(([10, 9, 0, 1], a.port())), SocketAddr::from(([10, 9, 0, 2], b.port())));
    inner.send(&mut session, A, &packet::bulk(a, b, 120, 0x11))?;
    inner.send(&mut session, B, &packet::bulk(b, a, 130, 0x22))?;

    let mut stage = Stage::pair("nested");
    let mut session = stage.handshake(A, B, NONE)?;
    let mut inside = Vec::new();
    for (position, frame) in inner.frames.iter().enumerate() {
        let sent = stage.seal(&mut session, if position % 2 == 0 { A } else { B }, &frame.bytes)?;
        let carrier = sent.receiver;
        stage.transmit(vec![sent]);
        inside.push(Inside { number: stage.frames.len(), carrier, frame: frame.clone() });
    }
    // A packet of the outer tunnel's own behind it.
    stage.send(&mut session, A, &ping(0))?;
    let log = &inner.actor(A)?.log;
    let (wireshark, transport) = (log.wireshark(), log.session());
    let mut lines = transport.lines();
    let (Some(to_b), Some(to_a)) = (lines.next(), lines.next()) else {
        bail!("two lines, one for each direction")
    };
    let key = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let wrong = format!("{to_b}\n{}\n", to_a.replace(&key(to_a), &key(to_b)));
    let response = 4;
    let no_responder =
        "its mac1 fits no static public key that is known: the responder's public key is needed";
    let reason = format!("handshake (frame {response}): {no_responder}");
    let nothing = |outer: Run| {
        let reason = reason.clone();
        let inside = Run::nothing(&[], move |_| Fail::no_key(reason.clone()));
        // The response's place is that of its carrier.
        outer.with_inside(inside.without_session(response, no_responder))
    };
    let opens =
        |keys: &[&'static str], known, inside| Run::all(keys, A, known).with_inside(Run::all(&[], A, inside));
    let runs = vec![
        nothing(Run::all(&[KEYS], A, Known::Handshakes)),
        nothing(Run::all(&[TRANSPORT], A, Known::TransportKeys)),
        opens(&[KEYS, "inner.keys"], Known::Handshakes, Known::Handshakes),
        opens(&[TRANSPORT, "inner.keys"], Known::TransportKeys, Known::Handshakes),
        opens(&[TRANSPORT, "inner-transport.keys"], Known::TransportKeys, Known::TransportKeys),
        Run::all(&[KEYS, "inner-wrong.keys"], A, Known::Handshakes).with_inside(Run {
            fails: Box::new(|_, sent| (sent.by == B).then(|| Fail::not_authentic(sent))),
            ..Run::all(&[], A, Known::TransportKeys)
        }),
    ];
    let scenario = Scenario::new(
        "nested",
        stage,
        "A pod runs WireGuard itself: handshake and data of a second tunnel inside the first; \
         `inner.keys` is that tunnel's key log, `inner-transport.keys` its session keys, of which \
         `inner-wrong.keys` has one wrong",
        "The outer tunnel's packets come out whole, and behind each what it carries; wrong and \
         missing keys inside are told apart as they are outside",
    );
    Ok(Scenario { inside, ..scenario }
        .with_file("inner.keys", wireshark)
        .with_file("inner-wrong.keys", wrong)
        .with_file("inner-transport.keys", transport)
        .with_runs(runs))
}
