//! One session's ping under every link layer, and in another container.

use anyhow::Result;
use pcap_file::Endianness;
use wgtrace_decrypt::key::PresharedKey;

use super::{ping, pong};
use crate::captures::link::Link;
use crate::captures::scenario::Scenario;
use crate::captures::stage::{A, B, Stage};

/// Handshake and ping, each frame with the next of `links`.
fn captured(name: &'static str, links: &[Link]) -> Result<Stage> {
    let mut stage = Stage::pair(name);
    let mut links = links.iter().copied().cycle();
    let mut next = || links.next().unwrap_or(Link::Ethernet);
    stage.link = next();
    let asked = stage.initiate(A, B, &PresharedKey::NONE, None)?;
    stage.link = next();
    let index = stage.draw_index();
    let mut session = stage.respond(&asked, index)?;
    for seq in 0..2 {
        stage.link = next();
        stage.send(&mut session, A, &ping(seq))?;
        stage.link = next();
        stage.send(&mut session, B, &pong(seq))?;
    }
    Ok(stage)
}

pub(super) fn vlan() -> Result<Scenario> {
    let stage = captured("vlan", &[Link::Vlan, Link::Ethernet])?;
    Ok(Scenario::new(
        "vlan",
        stage,
        "One way with an 802.1Q tag (42), the other without",
        "Tags are passed over",
    ))
}

pub(super) fn qinq() -> Result<Scenario> {
    let stage = captured("qinq", &[Link::QinQ])?;
    Ok(Scenario::new(
        "qinq",
        stage,
        "Tags 802.1ad (100) and 802.1Q (42) one behind the other",
        "Nested tags are passed over",
    ))
}

pub(super) fn sll2() -> Result<Scenario> {
    let stage = captured("sll2", &[Link::Sll2])?;
    Ok(Scenario::new(
        "sll2",
        stage,
        "As `tcpdump -i any` captures it (LINKTYPE_LINUX_SLL2)",
        "Cooked captures are read",
    ))
}

pub(super) fn link_types() -> Result<Scenario> {
    let links = [Link::Raw, Link::Null, Link::Loop, Link::Sll, Link::Ethernet];
    let stage = captured("link-types", &links)?;
    Ok(Scenario::new(
        "link-types",
        stage,
        "Five interfaces in one file, each with its own link type: RAW, NULL, LOOP, LINUX_SLL, EN10MB",
        "The link type is the interface's, not the file's",
    ))
}

pub(super) fn vxlan() -> Result<Scenario> {
    let stage = captured("vxlan", &[Link::Vxlan])?;
    Ok(Scenario::new(
        "vxlan",
        stage,
        "WireGuard's datagrams inside VXLAN (port 8472), as in Cilium's tunnel mode",
        "Outer tunnels are descended",
    ))
}

pub(super) fn big_endian() -> Result<Scenario> {
    let stage = captured("pcap-big-endian", &[Link::Raw])?;
    Ok(Scenario::new(
        "pcap-big-endian",
        stage,
        "Classic pcap, nanoseconds, big-endian, LINKTYPE_RAW",
        "Byte order and resolution are the magic's to tell",
    )
    .in_pcap(Endianness::Big, 262_144))
}
