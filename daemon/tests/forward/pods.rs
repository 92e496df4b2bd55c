//! Pods on real devices.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_abi::{DropReason, Gate, Hook, PacketEvent, Verdict};
use wgtrace_testbed::walkthrough::{CNI, NODE, OTHER_NODE, REMOTE, ipv4};
use wgtrace_testbed::{Flood, FrameSender, Tun};
use wgtraced::datapath::bpf::Forwarding;
use wgtraced::probe::ring::{RingSettings, Rings};
use zerocopy::FromBytes as _;

use crate::network::{DEVICES, Network, ip};
use crate::node;

/// An event and its packet's bytes.
type Seen = (PacketEvent, Vec<u8>);

fn listen(forwarding: &mut Forwarding, hooks: &[Hook]) -> Result<Rings> {
    let rings = Rings::open(&RingSettings::default())?;
    forwarding.instance().connect(&rings)?;
    hooks.iter().try_for_each(|hook| forwarding.instance().open_gate(*hook, Gate::DEFAULT_SNAPLEN, 1))?;
    Ok(rings)
}

fn seen(rings: &mut Rings) -> Vec<Seen> {
    let mut seen = Vec::new();
    rings.flush(&mut |_cpu, record: &[u8]| {
        let (event, rest) = PacketEvent::read_from_prefix(record).unwrap();
        seen.push((event, rest[..usize::from(event.captured)].to_vec()));
    });
    seen
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn two_pods_of_a_node_reach_each_other_without_the_stack() -> Result<()> {
    let network = Network::new()?;
    let mut forwarding = network.open()?;
    network.furnish(&mut forwarding)?;
    let mut rings = listen(&mut forwarding, &[Hook::FromContainer, Hook::ToContainer])?;
    network.ping(3)?;
    forwarding.instance().close_gates()?;
    let seen = seen(&mut rings);
    let echoes = |hook, kind: u8| {
        let of = |(event, bytes): &&Seen| {
            event.hook() == Some(hook) && bytes[12..14] == [8, 0] && bytes[34] == kind
        };
        seen.iter()
            .filter(of)
            .map(|(event, bytes)| (event.verdict(), event.mark, bytes[22]))
            .collect::<Vec<_>>()
    };
    // request and answer: as the pod sent them, and as the other got them
    for kind in [8, 0] {
        assert_eq!(echoes(Hook::FromContainer, kind), [(Some(Verdict::Redirected), 0, 64); 3]);
        assert_eq!(echoes(Hook::ToContainer, kind), [(Some(Verdict::Forwarded), 0, 63); 3]);
    }
    let asked = |(event, bytes): &&Seen| event.hook() == Some(Hook::FromContainer) && bytes[12..14] == [8, 6];
    assert!(seen.iter().filter(asked).all(|(event, _)| event.verdict() == Some(Verdict::Redirected)));
    assert!(seen.iter().filter(asked).count() >= 2);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_that_lies_about_its_address_is_not_heard() -> Result<()> {
    let network = Network::new()?;
    let mut forwarding = network.open()?;
    network.furnish(&mut forwarding)?;
    let mut rings = listen(&mut forwarding, &[Hook::FromContainer])?;
    let before = network.pods[1].link("eth0")?.received;
    let host = network.node.link(DEVICES[0])?.mac;
    let frame = [&host[..], &[2, 0, 0, 0, 0, 9, 8, 0], &ipv4(REMOTE, CNI, 64, 17, &[0; 8])].concat();
    network.pods[0].run(|| FrameSender::open("eth0")?.repeat(&frame, 5))??;
    forwarding.instance().close_gates()?;
    assert_eq!(network.pods[1].link("eth0")?.received, before);
    let dropped = seen(&mut rings);
    let reasons: Vec<_> = dropped.iter().map(|(event, _)| (event.verdict(), event.drop_reason())).collect();
    assert_eq!(reasons, [(Some(Verdict::Dropped), Some(DropReason::INVALID_SOURCE_IP)); 5]);
    let metrics = forwarding.metrics().read()?.fates;
    let (_, _, metric) = metrics
        .iter()
        .find(|(hook, reason, _)| {
            *hook == Hook::FromContainer && *reason == Some(DropReason::INVALID_SOURCE_IP)
        })
        .context("no such drops were counted")?;
    assert_eq!((metric.packets, metric.bytes), (5, 5 * 42));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_would_leave_in_plaintext_goes_into_the_tunnel() -> Result<()> {
    let network = Network::new()?;
    let outside = network.outside()?;
    network.node.neighbour("eth0", ip(OTHER_NODE), outside.link("eth0")?.mac)?;
    network.node.route((ip([10, 0, 2, 0]), 24), Some(ip(OTHER_NODE)), "eth0")?;
    let mut tunnel = Tun::new(&network.node, "cilium_wg0")?;
    network.node.up("cilium_wg0")?;

    let mut forwarding = network.open()?;
    network.furnish(&mut forwarding)?;
    let mut settings = node::settings(wgtrace_abi::forward::Settings::ENCRYPTION);
    settings.wireguard_ifindex = network.node.link("cilium_wg0")?.index;
    forwarding.set_settings(&settings)?;
    let native = network.interface("eth0")?;
    for hook in [Hook::FromNetdev, Hook::ToNetdev] {
        network.node.run(|| forwarding.attach(&native, hook))??;
    }
    let mut rings = listen(&mut forwarding, &[Hook::ToNetdev])?;
    let before = outside.link("eth0")?.received;
    let to = std::net::SocketAddr::new(ip(REMOTE), 9);
    network.node.run(|| Flood::new(to, 1, 8).send())??;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(tunnel.read()));
    let packet = receiver.recv_timeout(Duration::from_secs(5)).context("nothing came into the tunnel")??;
    // an IP packet, the Ethernet header taken off
    assert_eq!((packet.len(), packet[0], &packet[12..20]), (36, 0x45, &[NODE, REMOTE].concat()[..]));
    forwarding.instance().close_gates()?;
    let told: Vec<_> = seen(&mut rings).iter().map(|(event, _)| (event.verdict(), event.mark)).collect();
    assert_eq!(told, [(Some(Verdict::Redirected), 0xe00)]);

    // without the device, nothing leaves all the same
    settings.wireguard_ifindex = 0;
    forwarding.set_settings(&settings)?;
    network.node.run(|| Flood::new(to, 3, 8).send())??;
    assert_eq!(outside.link("eth0")?.received, before);
    let metrics = forwarding.metrics().read()?.fates;
    let lost = metrics.iter().find(|(_, reason, _)| *reason == Some(DropReason::NO_DEVICE));
    assert_eq!(lost.map(|(hook, _, metric)| (*hook, metric.packets)), Some((Hook::ToNetdev, 3)));
    Ok(())
}
