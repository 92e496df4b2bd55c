//! Interfaces that come, change their names and go; namespaces side by side.

use std::time::Duration;

use anyhow::Result;
use aya::programs::TcAttachType;
use rustix::process::Signal;
use serde_json::json;
use wgtrace_abi::{Hook, names};
use wgtrace_testbed::{FrameSender, Line, Namespace};

use crate::packet::ethernet;
use crate::tracer::{Tracer, holds};
use crate::{kernel, wait};

/// Sends so many frames by a device of a namespace.
fn send(namespace: &Namespace, device: &str, count: u64) -> Result<()> {
    let frame = ethernet(0x88b5, &[1; 50]);
    namespace.run(|| FrameSender::open(device)?.repeat(&frame, count))?
}

/// Gives a pod its device pair: `name` on the node, `eth0` in the pod.
fn plug(node: &Namespace, name: &str, pod: &Namespace) -> Result<()> {
    node.veth(name, (pod, "eth0"))?;
    pod.up("eth0")?;
    node.up(name)
}

/// Waits until our program is at the ingress of a device, at most a second.
fn traced_within_a_second(node: &Namespace, device: &str) -> Result<()> {
    let program = names::program(Hook::FromContainer);
    wait::within(Duration::from_secs(1), "our program on the new device", || {
        Ok(kernel::tcx(node, device, TcAttachType::Ingress)
            .is_ok_and(|all| all.iter().any(|one| one == program)))
    })?;
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_new_pod_is_traced_within_a_second() -> Result<()> {
    let (node, pod, second) = (Namespace::new()?, Namespace::new()?, Namespace::new()?);
    let mut tracer = Tracer::start(&node, &["--iface", "lxc*"])?;
    for (name, pod) in [("lxc_first", &pod), ("lxc_second", &second)] {
        plug(&node, name, pod)?;
        traced_within_a_second(&node, name)?;
        node.wait_up(name)?;
        pod.wait_up("eth0")?;
        send(pod, "eth0", 3)?;
        for _ in 0..3 {
            let packet = tracer.next_packet()?;
            assert!(holds(&packet, &json!({"iface": name, "hook": "from-container"})), "{packet}");
        }
        send(&node, name, 1)?;
        let packet = tracer.next_packet()?;
        assert!(holds(&packet, &json!({"iface": name, "hook": "to-container"})), "{packet}");
    }
    let report = tracer.stop()?;
    assert_eq!(report.packets.len(), 8);
    assert!(report.ledger()?.is_exact);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_device_that_does_not_match_is_left_alone() -> Result<()> {
    let (node, pod) = (Namespace::new()?, Namespace::new()?);
    let tracer = Tracer::start(&node, &["--iface", "lxc*"])?;
    plug(&node, "veth0", &pod)?;
    let second = Namespace::new()?;
    plug(&node, "lxc0", &second)?;
    // when the later one is traced, the earlier has been looked at
    traced_within_a_second(&node, "lxc0")?;
    assert!(kernel::tcx(&node, "veth0", TcAttachType::Ingress)?.is_empty());
    pod.wait_up("eth0")?;
    send(&pod, "eth0", 5)?;
    assert!(tracer.stop()?.packets.is_empty());
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_renamed_device_goes_by_its_new_name() -> Result<()> {
    let (node, pod) = (Namespace::new()?, Namespace::new()?);
    plug(&node, "lxc_old", &pod)?;
    pod.wait_up("eth0")?;
    let mut tracer = Tracer::start(&node, &["--iface", "lxc*"])?;
    send(&pod, "eth0", 1)?;
    assert_eq!(tracer.next_packet()?["iface"], "lxc_old");
    node.down("lxc_old")?;
    node.rename("lxc_old", "lxc_new")?;
    node.up("lxc_new")?;
    pod.wait_up("eth0")?;
    // the name comes by another way than the packets
    wait::within(wait::SOON, "packets under the new name", || {
        send(&pod, "eth0", 1)?;
        Ok(tracer.next_packet()?["iface"] == "lxc_new")
    })?;
    assert!(tracer.stop()?.ledger()?.is_exact);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_may_go_and_come_back_under_its_name() -> Result<()> {
    let node = Namespace::new()?;
    let mut tracer = Tracer::start(&node, &["--iface", "lxc*"])?;
    for _ in 0..3 {
        let pod = Namespace::new()?;
        plug(&node, "lxc_pod", &pod)?;
        traced_within_a_second(&node, "lxc_pod")?;
        pod.wait_up("eth0")?;
        send(&pod, "eth0", 2)?;
        for _ in 0..2 {
            assert_eq!(tracer.next_packet()?["ifindex"], node.link("lxc_pod")?.index);
        }
        node.delete("lxc_pod")?;
    }
    let report = tracer.stop()?;
    assert_eq!(report.count("from-container"), 6);
    assert!(report.ledger()?.is_exact);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn namespaces_with_equal_interface_indices_are_told_apart() -> Result<()> {
    let (one, two) = (Line::new()?, Line::new()?);
    assert_eq!(one.left.link("eth0")?.index, two.left.link("eth0")?.index);
    let name = format!("wgt-two-{}", std::process::id());
    let _mounted = two.left.mount(&name)?;
    let path = one.left.path();
    let path = path.to_str().unwrap();
    let tracer = Tracer::start(&one.left, &["--netns", path, "--netns", &name, "--iface", "eth0"])?;
    send(&one.left, "eth0", 3)?;
    send(&two.left, "eth0", 5)?;
    let report = tracer.stop()?;
    let of = |namespace: &str| report.packets.iter().filter(|packet| packet["netns"] == namespace).count();
    let first = path.rsplit('/').next().unwrap_or_default();
    assert_eq!((of(first), of(&name), report.packets.len()), (3, 5, 8));
    let ledger = report.ledger()?;
    assert_eq!((ledger.produced, ledger.is_exact), (8, true));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn after_a_kill_no_program_of_ours_is_left() -> Result<()> {
    let line = Line::new()?;
    let tracer = Tracer::start(&line.left, &["--iface", "eth0", "--tap"])?;
    let programs = || -> Result<usize> {
        let [ingress, egress] = [TcAttachType::Ingress, TcAttachType::Egress];
        Ok(kernel::tcx(&line.left, "eth0", ingress)?.len() + kernel::tcx(&line.left, "eth0", egress)?.len())
    };
    assert_eq!(programs()?, 2);
    tracer.signal(Signal::KILL)?;
    drop(tracer);
    wait::within(wait::SOON, "nothing of ours on the device", || Ok(programs()? == 0))?;
    send(&line.left, "eth0", 1)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_is_wrong_with_the_arguments_is_said_and_nothing_is_attached() -> Result<()> {
    let line = Line::new()?;
    for (arguments, word) in [
        (&["--netns", "wgt-nowhere", "--iface", "eth0"][..], "wgt-nowhere"),
        (&["--iface", "eth0", "--buffer-pages", "7"], "7 pages"),
    ] {
        let (status, stderr) = Tracer::refused(&line.left, arguments)?;
        assert!(!status.success() && stderr.contains(word), "{arguments:?}: {status}: {stderr}");
    }
    assert!(kernel::tcx(&line.left, "eth0", TcAttachType::Egress)?.is_empty());
    Ok(())
}
