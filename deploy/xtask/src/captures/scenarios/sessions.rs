//! What sessions do over time.

use std::net::SocketAddr;

use anyhow::Result;
use wgtrace_decrypt::key::PresharedKey;
use wgtrace_wire::wireguard::SessionIndex;

use super::{ping, pods, pong};
use crate::captures::packet;
use crate::captures::scenario::Scenario;
use crate::captures::stage::{A, B, C, Kind, Stage};

const NONE: &PresharedKey = &PresharedKey::NONE;

pub(super) fn walkthrough() -> Result<Scenario> {
    let nodes = [([172, 18, 0, 3], 51_871).into(), ([172, 18, 0, 4], 51_871).into()];
    let mut stage = Stage::new("walkthrough", &nodes);
    // 2024-07-06T09:12:24.280618Z, less the handshake.
    stage.clock = 1_720_257_144_278_100_000;
    let mut session = stage.handshake(A, B, NONE)?;
    let [a, b] = pods().map(|pod| pod.ip());
    // busybox ping: four bytes of time, then zeros.
    let mut data = [0; 56];
    data.iter_mut().zip([0x4a, 0xd2, 0xbb, 0x10]).for_each(|(to, from)| *to = from);
    stage.clock = 1_720_257_144_280_618_000;
    stage.send(&mut session, A, &packet::echo(a, b, 62, false, 93, 0, &data))?;
    stage.clock = 1_720_257_144_281_380_000;
    stage.send(&mut session, B, &packet::echo(b, a, 62, true, 93, 0, &data))?;
    let scenario = Scenario::new(
        "walkthrough-ping",
        stage,
        "Node 172.18.0.3 to 172.18.0.4 on port 51871, handshake, echo request 10.0.1.203 to \
         10.0.2.194 and its reply, times and ids of the walkthrough's cilium_wg0; TTL 62 inside \
         the tunnel, of which the pod sees 60",
        "The capture the walkthrough takes on eth0 and cannot read shows its ping",
    );
    Ok(Scenario { capture: "eth0.pcapng", ..scenario.with_responder() })
}

pub(super) fn ipv4() -> Result<Scenario> {
    let mut stage = Stage::pair("ipv4");
    let mut session = stage.handshake(A, B, NONE)?;
    let [a, b] = pods();
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    stage.send(&mut session, A, &packet::tcp(a, b, 1, 0, 0x02, &[]))?;
    stage.send(&mut session, B, &packet::tcp(b, a, 7, 2, 0x12, &[]))?;
    stage.send(&mut session, A, &packet::tcp(a, b, 2, 8, 0x18, b"GET / HTTP/1.1\r\nHost: cni\r\n\r\n"))?;
    for len in [29, 32, 33, 47] {
        stage.send(&mut session, B, &packet::bulk(b, a, len, 0x5a))?;
    }
    stage.send(&mut session, B, &packet::bulk(b, a, 1420, 0x5a))?;
    Ok(Scenario::new(
        "ipv4",
        stage,
        "ICMP, TCP and UDP of many lengths in IPv4 over IPv4, up to the MTU of 1420",
        "Padding goes where there is any, and a packet of the MTU's length has none",
    )
    .with_responder())
}

pub(super) fn ipv6() -> Result<Scenario> {
    let nodes: [SocketAddr; 2] = [
        ([0xfc00, 0xf853, 0xccd, 0xe793, 0, 0, 0, 3], 51_871).into(),
        ([0xfc00, 0xf853, 0xccd, 0xe793, 0, 0, 0, 4], 51_871).into(),
    ];
    let mut stage = Stage::new("ipv6", &nodes);
    let mut session = stage.handshake(A, B, NONE)?;
    let a: SocketAddr = ([0xfd00, 1, 0, 0, 0, 0, 0, 0xcb], 40_000).into();
    let b: SocketAddr = ([0xfd00, 2, 0, 0, 0, 0, 0, 0xc2], 8080).into();
    stage.send(&mut session, A, &packet::echo(a.ip(), b.ip(), 62, false, 5, 1, &[0x61; 56]))?;
    stage.send(&mut session, B, &packet::echo(b.ip(), a.ip(), 62, true, 5, 1, &[0x61; 56]))?;
    stage.send(&mut session, A, &packet::tcp(a, b, 1, 0, 0x02, &[]))?;
    stage.send(&mut session, B, &packet::bulk(b, a, 600, 0x36))?;
    stage.send(&mut session, A, &ping(2))?;
    // The last one once more as it looks behind a router that added destination options (RFC 8200, 4.6).
    let sent = stage.seal(&mut session, A, &packet::bulk(a, b, 61, 0x36))?;
    let datagram = packet::udp(sent.from, sent.to, &sent.bytes);
    let options = [&[packet::UDP, 0, 1, 4, 0, 0, 0, 0][..], &datagram].concat();
    let packet = packet::ip(sent.from.ip(), sent.to.ip(), packet::Header::of(60), &options);
    stage.packet(sent.from.ip(), sent.to.ip(), &packet, Kind::Transport, vec![sent]);
    Ok(Scenario::new(
        "ipv6",
        stage,
        "Outer and inner IPv6 (one inner IPv4); the last outer packet has destination options",
        "Padding is removed by the payload length, and extension headers are passed over",
    ))
}

pub(super) fn psk() -> Result<Scenario> {
    let mut stage = Stage::pair("psk");
    let psk = PresharedKey::from_bytes(stage.draw());
    let mut session = stage.handshake(A, B, &psk)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    Ok(Scenario::new(
        "psk",
        stage,
        "A handshake with a preshared key, named in each key log behind its ephemeral key",
        "The preshared key is found on either side",
    )
    .with_responder())
}

pub(super) fn rekey() -> Result<Scenario> {
    let mut stage = Stage::pair("rekey");
    let mut old = stage.handshake(A, B, NONE)?;
    stage.send(&mut old, A, &ping(0))?;
    stage.send(&mut old, B, &pong(0))?;
    stage.clock += 120_000_000_000;
    let mut new = stage.handshake(B, A, NONE)?;
    // What was under way when the new key came.
    stage.send(&mut old, A, &ping(1))?;
    stage.send(&mut new, B, &[])?;
    stage.send(&mut old, B, &pong(1))?;
    stage.send(&mut new, A, &ping(2))?;
    stage.send(&mut old, A, &ping(3))?;
    stage.send(&mut new, B, &pong(2))?;
    Ok(Scenario::new(
        "rekey",
        stage,
        "A second handshake after 120 s, begun by the other side; data under the old keys comes \
         between data under the new",
        "Old and new keys are used side by side, and roles follow each handshake",
    )
    .with_responder())
}

pub(super) fn roaming() -> Result<Scenario> {
    let mut stage = Stage::pair("roaming");
    let mut session = stage.handshake(A, B, NONE)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    stage.roam(A, ([198, 51, 100, 7], 4_711).into())?;
    // The first packet after the change comes from the other side.
    stage.send(&mut session, B, &packet::bulk(pods()[1], pods()[0], 100, 0x42))?;
    stage.send(&mut session, A, &ping(1))?;
    stage.roam(B, ([203, 0, 113, 80], 51_820).into())?;
    stage.send(&mut session, B, &pong(1))?;
    stage.roam(A, ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 7], 4_711).into())?;
    stage.roam(B, ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 8], 51_820).into())?;
    stage.send(&mut session, A, &ping(2))?;
    stage.send(&mut session, B, &pong(2))?;
    Ok(Scenario::new(
        "roaming",
        stage,
        "Both nodes change their addresses in the middle, at last from IPv4 to IPv6; once the \
         other side is the first to use the new one",
        "Addresses are never required, and their changes are counted",
    ))
}

pub(super) fn cookie() -> Result<Scenario> {
    let mut stage = Stage::pair("cookie");
    let refused = stage.initiate(A, B, NONE, None)?;
    let cookie = stage.refuse(&refused)?;
    stage.clock += 5_000_000_000;
    let asked = stage.initiate(A, B, NONE, Some(&cookie))?;
    let index = stage.draw_index();
    let mut session = stage.respond(&asked, index)?;
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    let mut scenario = Scenario::new(
        "cookie",
        stage,
        "The responder is under load: an initiation, a cookie reply, after 5 s a new initiation \
         with mac2, its response, a ping",
        "Cookie replies open, mac2 is verified, and the session is that of the second initiation",
    )
    .with_responder();
    // Which takes the loaded side's public key: transport keys name it as their peer.
    for run in &mut scenario.runs {
        (run.cookies_opened, run.mac2_verified) = (1, 1);
    }
    Ok(scenario)
}

pub(super) fn retry() -> Result<Scenario> {
    let mut stage = Stage::pair("retry");
    stage.initiate(A, B, NONE, None)?;
    stage.clock += 5_000_000_000;
    let asked = stage.initiate(A, B, NONE, None)?;
    let again = stage.frames.last().cloned();
    stage.frames.extend(again);
    let index = stage.draw_index();
    let mut session = stage.respond(&asked, index)?;
    let again = stage.frames.last().cloned();
    stage.frames.extend(again);
    stage.send(&mut session, A, &ping(0))?;
    stage.send(&mut session, B, &pong(0))?;
    Ok(Scenario::new(
        "retry",
        stage,
        "The first initiation is lost; the second and its response are captured twice, as on a bridge",
        "One session comes of it; repeated handshake messages are counted as such",
    ))
}

pub(super) fn keepalive() -> Result<Scenario> {
    let mut stage = Stage::pair("keepalive");
    let mut session = stage.handshake(A, B, NONE)?;
    stage.send(&mut session, A, &[])?;
    stage.clock += 10_000_000_000;
    stage.send(&mut session, A, &ping(0))?;
    stage.clock += 10_000_000_000;
    stage.send(&mut session, B, &[])?;
    stage.clock += 25_000_000_000;
    stage.send(&mut session, A, &[])?;
    Ok(Scenario::new(
        "keepalive",
        stage,
        "The keepalive that confirms the session, a passive one and a persistent one, around one ping",
        "Keepalives are counted and not written",
    ))
}

pub(super) fn one_index() -> Result<Scenario> {
    let nodes =
        [([192, 0, 2, 3], 51_820).into(), ([192, 0, 2, 4], 51_820).into(), ([192, 0, 2, 5], 51_820).into()];
    let mut stage = Stage::new("two-peers-one-index", &nodes);
    let index = SessionIndex(0x0dd_b411);
    let asked = stage.initiate(A, B, NONE, None)?;
    let mut with_b = stage.respond(&asked, index)?;
    let asked = stage.initiate(A, C, NONE, None)?;
    let mut with_c = stage.respond(&asked, index)?;
    let [a, b] = pods();
    let c: SocketAddr = ([10, 0, 3, 17], 8080).into();
    for number in 1..4 {
        stage.send(&mut with_b, A, &packet::bulk(a, b, 80 + number, 0xbb))?;
        stage.send(&mut with_c, A, &packet::bulk(a, c, 90 + number, 0xcc))?;
        stage.send(&mut with_c, C, &packet::bulk(c, a, 100 + number, 0xca))?;
    }
    stage.send(&mut with_b, B, &packet::bulk(b, a, 111, 0xba))?;
    Ok(Scenario::new(
        "two-peers-one-index",
        stage,
        "Nodes b and c happen to choose the same session index; node a sends to both in turn",
        "The index names candidates, the AEAD decides",
    ))
}
