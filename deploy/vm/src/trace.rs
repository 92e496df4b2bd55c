//! Every program on real devices: what is sent is produced is delivered, exactly.

use anyhow::{Context as _, Result, ensure};
use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{Hook, PacketEvent};
use wgtrace_testbed::{Flood, FrameSender, Tun, VlanTag, frame};
use wgtraced::probe::Interface;
use wgtraced::probe::ring::RingSettings;

use crate::port::Port;
use crate::stage::{Observed, Stage};

/// Packets in a flood: the emulator needs about 0.1 ms for each, and for each program.
const FLOOD: u64 = 3000;

/// Makes the checks of tracing.
pub(crate) fn trace(port: &mut Port, stage: &mut Stage) -> Result<()> {
    for hook in Hook::ALL.into_iter().filter(|hook| *hook != Hook::TapIn) {
        port.check(&format!("{} is attached to a veth", hook.name()), || attach(stage, hook))?;
    }
    each(port, stage, is_in, |stage| stage.flood_in(FLOOD))?;
    each(port, stage, |hook| !is_in(hook), |stage| stage.flood_out(FLOOD))?;
    port.check("packets of a VLAN have their tag", || vlan(stage))?;
    port.check("a full ring loses visibly", || overflow(stage))?;
    port.check("packets of a TUN device have no link layer", || tun(stage))
}

/// Whether the hook sees what comes in.
fn is_in(hook: Hook) -> bool {
    hook == Hook::TapIn || hook.attachment() == Attachment::Ingress
}

fn attach(stage: &mut Stage, hook: Hook) -> Result<String> {
    let Stage { line, instance, eth0, .. } = stage;
    let how = line.right.run(|| match hook.attachment() {
        Attachment::Socket => instance.tap(eth0).map(|()| "Socket".to_owned()),
        Attachment::Ingress | Attachment::Egress => {
            instance.attach(eth0, hook).map(|attached| format!("{attached:?}"))
        }
    });
    Ok(how??)
}

/// One flood for all hooks of a direction, one check for each of them.
fn each(
    port: &mut Port,
    stage: &mut Stage,
    of: impl Fn(Hook) -> bool,
    flood: impl FnOnce(&Stage) -> Result<u64>,
) -> Result<()> {
    let hooks: Vec<Hook> = Hook::ALL.into_iter().filter(|hook| of(*hook)).collect();
    let mut observed = None;
    port.check("a flood crosses the veth", || {
        let seen = stage.observe(&hooks, flood)?;
        ensure!(seen.lost_records == 0, "the rings lost {}", seen.lost_records);
        observed = Some(seen);
        Ok(format!("past {} hooks", hooks.len()))
    })?;
    for (hook, account) in observed.into_iter().flat_map(|observed| observed.accounts) {
        port.check(&format!("{}: sent = runs = produced = delivered", hook.name()), || account.whole())?;
    }
    Ok(())
}

fn vlan(stage: &mut Stage) -> Result<String> {
    let tag = VlanTag::Customer(42);
    stage.line.left.vlan("eth0.42", "eth0", tag)?;
    stage.line.left.up("eth0.42")?;
    let (left, right) = (stage.line.left.link("eth0")?, stage.line.right.link("eth0")?);
    let frame = frame::ethernet(right.mac, left.mac, LOCAL_EXPERIMENTAL, &[0x77; 60]);
    let observed = stage.observe(&[Hook::FromNetdev, Hook::TapIn], |stage| {
        stage.line.left.run(|| FrameSender::open("eth0.42")?.repeat(&frame, 10))??;
        Ok(10)
    })?;
    let event = last(&observed)?.0;
    ensure!(
        event.vlan_tci & 0xfff == 42,
        "the tag is {:#06x}, and its EtherType {:#06x}",
        event.vlan_tci,
        event.vlan_protocol
    );
    ensure!(event.vlan_protocol == 0x8100, "the tag's EtherType is {:#06x}", event.vlan_protocol);
    stage.line.left.delete("eth0.42")?;
    whole(&observed)
}

fn overflow(stage: &mut Stage) -> Result<String> {
    stage.use_rings(&RingSettings { pages_per_cpu: 4, ..RingSettings::default() })?;
    let observed = stage.observe(&[Hook::FromNetdev], |stage| stage.flood_in(FLOOD));
    stage.use_rings(&crate::stage::roomy())?;
    let (_, account) = *observed?.accounts.first().context("no account")?;
    let words = format!("{account:?}");
    ensure!(account.runs == account.sent && account.produced == account.sent, "{words}");
    ensure!(account.lost > 0 && account.delivered > 0, "nothing was lost: {words}");
    ensure!(account.produced == account.delivered + account.lost, "{words}");
    Ok(words)
}

fn tun(stage: &mut Stage) -> Result<String> {
    let mut tun = Tun::new(&stage.line.right, "tun0")?;
    let address = [10, 78, 0, 1];
    stage.line.right.address("tun0", address.into(), 24)?;
    stage.line.right.up("tun0")?;
    let device = Interface { name: "tun0".to_owned(), index: stage.line.right.link("tun0")?.index };
    let hooks = [Hook::FromWireguard, Hook::ToWireguard];
    let Stage { line, instance, .. } = stage;
    instance.set_l3(device.index, true)?;
    for hook in hooks {
        line.right.run(|| instance.attach(&device, hook))??;
    }
    let came_in = stage.observe(&hooks[..1], |_| {
        (0..FLOOD).try_for_each(|_| tun.inject(&IPV4))?;
        Ok(FLOOD)
    })?;
    let left = stage.observe(&hooks[1..], |stage| {
        stage.line.right.run(|| Flood::new(([10, 78, 0, 9], 9).into(), FLOOD, 64).send())?
    })?;
    for observed in [&came_in, &left] {
        let (event, packet) = last(observed)?;
        ensure!(event.is_l3() && packet.first() == Some(&0x45), "not an IP packet: {event:?}");
    }
    stage.instance.detach(device.index)?;
    Ok(format!("in: {}; out: {}", whole(&came_in)?, whole(&left)?))
}

fn whole(observed: &Observed) -> Result<String> {
    let words = observed.accounts.iter().map(|(hook, account)| {
        account.whole().map(|words| format!("{}: {words}", hook.name())).with_context(|| hook.name())
    });
    Ok(words.collect::<Result<Vec<_>>>()?.join("; "))
}

fn last(observed: &Observed) -> Result<&(PacketEvent, Vec<u8>)> {
    observed.last.as_ref().context("no event")
}

/// EtherType that no stack answers (RFC 5342).
const LOCAL_EXPERIMENTAL: u16 = 0x88b5;

/// A header and eight bytes, to nobody (RFC 5737).
const IPV4: [u8; 28] =
    [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 253, 0, 0, 10, 78, 0, 2, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0];
