//! Two pods of a node, whose programs are links or filters, as this kernel has them.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context as _, Result, ensure};
use wgtrace_abi::forward::{Place, PlaceKind, Settings};
use wgtrace_abi::{Address, Hook};
use wgtrace_testbed::{BpfFs, Namespace, ping};
use wgtraced::datapath::bpf::{Forwarding, LocalPod};
use wgtraced::netns::Netns;
use wgtraced::probe::Interface;

use crate::port::Port;

const PODS: [(&str, [u8; 4]); 2] = [("lxc1", [10, 0, 1, 203]), ("lxc2", [10, 0, 1, 54])];

pub(crate) fn forward(port: &mut Port) -> Result<()> {
    port.check("pods reach each other, also without a loader, and the next one adopts their programs", || {
        let fs = BpfFs::mount()?;
        let node = Namespace::new()?;
        let pods = [Namespace::new()?, Namespace::new()?];
        for (pod, (device, address)) in pods.iter().zip(PODS) {
            node.veth(device, (pod, "eth0"))?;
            pod.address("eth0", ip(address), 24)?;
            pod.up("eth0")?;
            node.up(device)?;
            node.wait_up(device)?;
            pod.wait_up("eth0")?;
        }
        let [_, (_, other)] = PODS;
        let open = || -> Result<Forwarding> {
            Ok(Forwarding::open(&fs.path().join("wgtrace"), node.run(Netns::current)??)?)
        };
        let [first, ..] = &pods;
        let reached = || first.run(|| ping(other.into(), 3, 56))?;
        let mut forwarding = open()?;
        forwarding.set_settings(&Settings { flags: Settings::READY, ..Settings::default() })?;
        let local = Place::new(PlaceKind::LocalPods, Address::default());
        forwarding.set_prefix("10.0.1.0/24".parse()?, &local)?;
        attach(&node, &pods, &mut forwarding)?;
        reached().with_context(|| format!("attached; counted {:?}", forwarding.metrics().read()))?;
        drop(forwarding);
        reached().context("without a loader")?;
        let mut forwarding = open()?;
        attach(&node, &pods, &mut forwarding)?;
        reached().with_context(|| format!("adopted; counted {:?}", forwarding.metrics().read()))?;
        let attached = node.run(|| forwarding.attached())??;
        ensure!(attached.len() == 2, "attached are {attached:?}");
        let kinds: Vec<_> = attached.iter().map(|attachment| attachment.program).collect();
        let counted: u64 =
            forwarding.metrics().read()?.fates.iter().map(|(_, _, metric)| metric.packets).sum();
        node.run(|| forwarding.remove())??;
        ensure!(reached().is_err(), "pods reach each other when all programs are removed");
        Ok(format!("{kinds:?}, {counted} packets"))
    })
}

fn attach(node: &Namespace, pods: &[Namespace], forwarding: &mut Forwarding) -> Result<()> {
    for (pod, (device, address)) in pods.iter().zip(PODS) {
        let host = node.link(device)?;
        forwarding.add_pod(&LocalPod {
            ifindex: host.index,
            ipv4: Some(address.into()),
            ipv6: None,
            mac: pod.link("eth0")?.mac,
            host_mac: host.mac,
        })?;
        let interface = Interface { name: device.to_owned(), index: host.index };
        node.run(|| forwarding.attach(&interface, Hook::FromContainer))??;
    }
    Ok(())
}

fn ip(address: [u8; 4]) -> IpAddr {
    Ipv4Addr::from(address).into()
}
