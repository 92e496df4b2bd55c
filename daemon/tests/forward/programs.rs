//! Each program by itself, over packets that were never on a wire.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use wgtrace_abi::forward::Settings;
use wgtrace_abi::{DropReason, Hook};
use wgtrace_testbed::BpfFs;
use wgtrace_testbed::walkthrough::{
    CNI, CNI_HOST_MAC, CNI_MAC, NET, NET_HOST_MAC, NET_MAC, NODE, OTHER_NODE, PORT, REMOTE, ROUTER, ethernet,
    ipv4, ping, udp, who_has,
};
use wgtraced::datapath::bpf::Forwarding;

use crate::node::{self, NOBODY};
use crate::run::{DROPPED, NEXT, REDIRECTED, Ran, run};

const ENCRYPTED: u16 = Settings::ENCRYPTION;

/// Runs it, and wants it dropped for this reason, counted as such, and untouched.
fn drops(forwarding: &mut Forwarding, hook: Hook, frame: &[u8], reason: DropReason) -> Result<()> {
    let before = counted(forwarding, hook, reason)?;
    let ran = run(forwarding, hook, frame, 0x33)?;
    ensure!(
        ran == Ran { verdict: DROPPED, mark: 0x33, frame: frame.to_vec() },
        "{hook:?} {reason:?}: {ran:?}"
    );
    let after = counted(forwarding, hook, reason)?;
    ensure!(after == before + 1, "{hook:?} {reason:?}: {before} drops counted before, {after} after");
    Ok(())
}

fn counted(forwarding: &Forwarding, hook: Hook, reason: DropReason) -> Result<u64> {
    let metrics: BTreeMap<_, _> = forwarding
        .metrics()
        .read()?
        .fates
        .into_iter()
        .map(|(hook, reason, metric)| ((hook, reason), metric))
        .collect();
    Ok(metrics.get(&(hook, Some(reason))).map_or(0, |metric| metric.packets))
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_pod_reaches_pods_nodes_and_the_world() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let hop = |frame: &[u8], to: [u8; 6], from: [u8; 6]| [&to[..], &from, &frame[12..]].concat();
    let pod = run(&mut forwarding, Hook::FromContainer, &ping(NET, CNI, 64), 0)?;
    let expected = hop(&ping(NET, CNI, 63), CNI_MAC, CNI_HOST_MAC);
    assert_eq!(pod, Ran { verdict: REDIRECTED, mark: 0, frame: expected });
    for (to, mark) in [(REMOTE, 0xe00), (OTHER_NODE, 0xe00), (NODE, 0xf00), (ROUTER, 0xf00), ([8; 4], 0xf00)]
    {
        let ran = run(&mut forwarding, Hook::FromContainer, &ping(NET, to, 64), 0)?;
        let expected = hop(&ping(NET, to, 63), NET_HOST_MAC, NET_MAC);
        assert_eq!(ran, Ran { verdict: NEXT, mark, frame: expected }, "{to:?}");
    }
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn whatever_a_pod_may_not_send_is_dropped_for_its_reason() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let cases = [
        (ping(CNI, REMOTE, 64), DropReason::INVALID_SOURCE_IP),
        (ping(NODE, REMOTE, 64), DropReason::INVALID_SOURCE_IP),
        (ping(NET, REMOTE, 1), DropReason::TTL_EXCEEDED),
        (ping(NET, CNI, 0), DropReason::TTL_EXCEEDED),
        (ping(NET, NOBODY, 64), DropReason::UNENCRYPTED),
        (ping(NET, [10, 0, 1, 99], 64), DropReason::UNROUTABLE),
        (ethernet(0x86dd, &[0x60; 60]), DropReason::UNSUPPORTED_L3),
        (ethernet(0x88b5, &[0; 60]), DropReason::UNSUPPORTED_L3),
        (ethernet(0x0800, &[0x44; 60]), DropReason::INVALID_PACKET),
    ];
    for (frame, reason) in cases {
        drops(&mut forwarding, Hook::FromContainer, &frame, reason)?;
    }
    // without encryption, what nobody is known to have is the stack's to route
    forwarding.set_settings(&node::settings(0))?;
    let ran = run(&mut forwarding, Hook::FromContainer, &ping(NET, NOBODY, 64), 0)?;
    assert_eq!((ran.verdict, ran.mark), (NEXT, 0xf00));
    // and without settings, nothing goes
    forwarding.set_settings(&Settings::default())?;
    drops(&mut forwarding, Hook::FromContainer, &ping(NET, CNI, 64), DropReason::HOST_NOT_READY)?;
    drops(&mut forwarding, Hook::FromHost, &ping(REMOTE, NET, 64), DropReason::HOST_NOT_READY)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn arp_is_answered_with_the_hosts_end() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let ran = run(&mut forwarding, Hook::FromContainer, &who_has(ROUTER, NET, 1), 0)?;
    let start = [&NET_MAC[..], &NET_HOST_MAC, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 2]].concat();
    let frame = [&start[..], &NET_HOST_MAC, &ROUTER, &NET_MAC, &NET].concat();
    assert_eq!(ran, Ran { verdict: REDIRECTED, mark: 0, frame });
    let own = who_has(NET, [0; 4], 1);
    let ran = run(&mut forwarding, Hook::FromContainer, &own, 0)?;
    assert_eq!(ran, Ran { verdict: NEXT, mark: 0, frame: own });
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_host_reaches_pods_that_are_there() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let ran = run(&mut forwarding, Hook::FromHost, &ping(REMOTE, CNI, 61), 0xd00)?;
    let frame = [&CNI_MAC[..], &CNI_HOST_MAC, &ping(REMOTE, CNI, 60)[12..]].concat();
    assert_eq!(ran, Ran { verdict: REDIRECTED, mark: 0, frame });
    drops(&mut forwarding, Hook::FromHost, &ping(REMOTE, [10, 0, 1, 99], 61), DropReason::UNROUTABLE)?;
    drops(&mut forwarding, Hook::FromHost, &ping(REMOTE, CNI, 1), DropReason::TTL_EXCEEDED)?;
    assert!(forwarding.remove_pod(node::CNI_IFINDEX)? && !forwarding.remove_pod(node::CNI_IFINDEX)?);
    drops(&mut forwarding, Hook::FromHost, &ping(REMOTE, CNI, 61), DropReason::UNROUTABLE)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_guard_keeps_plaintext_in() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let left = |forwarding: &mut Forwarding, from, to, port, mark| {
        run(forwarding, Hook::ToNetdev, &udp(from, to, port), mark).map(|ran| (ran.verdict, ran.mark))
    };
    // missed marks, translated destinations, answers of pods to other nodes
    for (from, to) in [(NET, REMOTE), (NODE, REMOTE), (NET, OTHER_NODE), (ROUTER, REMOTE)] {
        assert_eq!(left(&mut forwarding, from, to, 9, 0)?, (REDIRECTED, 0xe00), "{from:?} {to:?}");
    }
    for to in [NOBODY, CNI, [10, 96, 0, 1]] {
        drops(&mut forwarding, Hook::ToNetdev, &udp(NODE, to, 9), DropReason::UNENCRYPTED)?;
    }
    for (from, to) in [(NODE, OTHER_NODE), (NODE, [8; 4]), (NODE, [224, 0, 0, 1])] {
        assert_eq!(left(&mut forwarding, from, to, 9, 0x77)?, (NEXT, 0x77), "{from:?} {to:?}");
    }
    // a peer's address may be in the pool: only all three together are WireGuard's own
    assert_eq!(left(&mut forwarding, NODE, NOBODY, PORT, 0x600)?, (NEXT, 0x600));
    for (from, port, mark) in [(NODE, PORT, 0), (NODE, 9, 0x600), (NET, PORT, 0x600), (NODE, PORT, 0xe00)] {
        assert_eq!(left(&mut forwarding, from, NOBODY, port, mark)?.0, DROPPED, "{from:?} {port} {mark:#x}");
    }
    assert_eq!(run(&mut forwarding, Hook::ToNetdev, &who_has(OTHER_NODE, NODE, 1), 0)?.verdict, NEXT);
    let tagged = [&[0; 12][..], &[0x81, 0, 0, 7, 8, 0], &ipv4(NODE, REMOTE, 64, 17, &[0; 8])].concat();
    assert_eq!(run(&mut forwarding, Hook::ToNetdev, &tagged, 0)?.verdict, REDIRECTED);
    drops(&mut forwarding, Hook::ToNetdev, &ethernet(0x0800, &[0x95; 40]), DropReason::INVALID_PACKET)?;

    forwarding.set_settings(&Settings { wireguard_ifindex: 0, ..node::settings(ENCRYPTED) })?;
    drops(&mut forwarding, Hook::ToNetdev, &udp(NET, REMOTE, 9), DropReason::NO_DEVICE)?;
    forwarding.set_settings(&node::settings(ENCRYPTED | Settings::STRICT))?;
    drops(&mut forwarding, Hook::ToNetdev, &udp(NET, REMOTE, 9), DropReason::UNENCRYPTED)?;
    forwarding.set_settings(&node::settings(0))?;
    assert_eq!(left(&mut forwarding, NET, REMOTE, 9, 0)?, (NEXT, 0));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_guard_keeps_plaintext_out() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    for from in [REMOTE, NOBODY, CNI] {
        drops(&mut forwarding, Hook::FromNetdev, &udp(from, NET, 9), DropReason::UNENCRYPTED)?;
    }
    for (from, to) in [(OTHER_NODE, NODE), (REMOTE, NODE), ([8; 4], NET), (OTHER_NODE, NET), (REMOTE, ROUTER)]
    {
        let ran = run(&mut forwarding, Hook::FromNetdev, &udp(from, to, 9), 0)?;
        assert_eq!((ran.verdict, ran.mark), (NEXT, 0), "{from:?} {to:?}");
    }
    forwarding.set_settings(&node::settings(0))?;
    assert_eq!(run(&mut forwarding, Hook::FromNetdev, &udp(REMOTE, NET, 9), 0)?.verdict, NEXT);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_other_hooks_only_tell() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, ENCRYPTED)?;
    let frame = ping(REMOTE, NET, 61);
    for (hook, mark) in [
        (Hook::ToContainer, 0x77),
        (Hook::ToHost, 0x77),
        (Hook::ToWireguard, 0x77),
        (Hook::FromWireguard, 0xd00),
    ] {
        let ran = run(&mut forwarding, hook, &frame, 0x77)?;
        assert_eq!(ran, Ran { verdict: NEXT, mark, frame: frame.clone() }, "{hook:?}");
    }
    Ok(())
}
