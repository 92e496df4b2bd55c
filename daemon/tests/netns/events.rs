//! Events hold what was on the wire.

use std::net::{IpAddr, SocketAddr};

use anyhow::Result;
use wgtrace_abi::{Hook, PacketEvent, PacketType, Verdict};
use wgtrace_testbed::frame::tagged;
use wgtrace_testbed::{Flood, FrameSender, Line, Tun};

use crate::listener::Listener;
use crate::packet::{ethernet, ipv4, udp};
use crate::{cases, wait};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn every_frame_that_leaves_is_in_its_event_byte_for_byte() -> Result<()> {
    let line = Line::with_mtu(9000)?;
    let mut listener = Listener::at_the_exit(&line)?;
    let cases = cases::all();
    line.left.run(|| {
        let sender = FrameSender::open("eth0")?;
        cases.iter().try_for_each(|case| sender.send(&case.frame))
    })??;
    let seen = listener.seen();
    assert_eq!(seen.len(), cases.len());
    let (netns, ifindex) = (line.left.inode()?, line.left.link("eth0")?.index);
    for (case, seen) in cases.iter().zip(seen) {
        let event = seen.event;
        let captured = case.frame.len().min(128);
        assert_eq!(seen.bytes, case.frame[..captured], "{}", case.name);
        assert_eq!(usize::try_from(event.len)?, case.frame.len(), "{}", case.name);
        assert_eq!((event.netns, event.ifindex), (netns, ifindex));
        assert_eq!((event.gso_size, event.vlan_protocol, event.flags), (0, 0, 0), "{}", case.name);
        assert_eq!(event.verdict(), Some(Verdict::Unknown));
    }
    assert_eq!(listener.counters(Hook::ToNetdev)?.produced, cases.len() as u64);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_tag_that_the_kernel_took_out_is_in_the_metadata() -> Result<()> {
    let line = Line::new()?;
    let mut listener = Listener::new(&line.right)?;
    listener.open("eth0", Hook::FromNetdev)?;
    let packet = ipv4(17, &[], 0, &udp(&[7; 20]));
    let inner = tagged(0x602a, 0x0800, &packet);
    line.left.run(|| {
        let sender = FrameSender::open("eth0")?;
        sender.send(&ethernet(0x8100, &inner))?;
        sender.send(&ethernet(0x88a8, &tagged(0x0064, 0x8100, &inner)))?;
        sender.send(&ethernet(0x0800, &packet))
    })??;
    let seen = listener.seen();
    let tags: Vec<_> = seen.iter().map(|seen| (seen.event.vlan_protocol, seen.event.vlan_tci)).collect();
    assert_eq!(tags, [(0x8100, 0x602a), (0x88a8, 0x0064), (0, 0)]);
    let bytes: Vec<_> = seen.iter().map(|seen| seen.bytes.clone()).collect();
    assert_eq!(bytes, [ethernet(0x0800, &packet), ethernet(0x8100, &inner), ethernet(0x0800, &packet)]);
    assert!(seen.iter().all(|seen| seen.event.packet_type() == Some(PacketType::OtherHost)));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn packets_of_a_tun_device_start_with_their_ip_header() -> Result<()> {
    let line = Line::new()?;
    let mut tun = Tun::new(&line.left, "tun0")?;
    line.left.address("tun0", IpAddr::from([10, 78, 0, 1]), 24)?;
    line.left.up("tun0")?;
    let mut listener = Listener::new(&line.left)?;
    let index = line.left.link("tun0")?.index;
    listener.instance.set_l3(index, true)?;
    listener.open("tun0", Hook::ToWireguard)?;
    listener.open("tun0", Hook::FromWireguard)?;

    line.left.run(|| Flood::new(SocketAddr::from(([10, 78, 0, 2], 9)), 1, 10).send())??;
    let packet = tun.read()?;
    tun.inject(&packet)?;
    // as short as the device lets pass: it wants to know the version
    tun.inject(&[0x60])?;

    let seen = listener.seen();
    assert_eq!(
        seen.iter().map(|seen| seen.event.hook()).collect::<Vec<_>>(),
        [Some(Hook::ToWireguard), Some(Hook::FromWireguard), Some(Hook::FromWireguard)]
    );
    assert!(seen.iter().all(|seen| seen.event.is_l3() && seen.event.ifindex == index));
    assert_eq!((&seen[0].bytes, &seen[1].bytes), (&packet, &packet));
    assert_eq!((packet[0], packet.len()), (0x45, 38));
    assert_eq!((&seen[2].bytes[..], seen[2].event.protocol), (&[0x60][..], 0x86dd));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_more_of_a_packet_is_captured_than_was_asked_for() -> Result<()> {
    let line = Line::with_mtu(9000)?;
    let mut listener = Listener::at_the_exit(&line)?;
    let frame = ethernet(0x88b5, &[0xab; 8986]);
    for snaplen in [0, 1, 13, 64, 1514, 9000, u16::MAX] {
        listener.instance.open_gate(Hook::ToNetdev, snaplen, 1)?;
        line.left.run(|| FrameSender::open("eth0")?.send(&frame))??;
        let seen = listener.seen();
        assert_eq!(seen.len(), 1, "snaplen {snaplen}");
        assert_eq!(seen[0].bytes, frame[..usize::from(snaplen).min(frame.len())]);
        assert_eq!(seen[0].event.len, 9000);
    }
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_rings_wake_their_reader_and_give_events_in_order_of_time() -> Result<()> {
    let line = Line::new()?;
    let mut listener = Listener::at_the_exit(&line)?;
    line.left.run(|| Flood::new(Line::right_port(9), 1000, 64).send())??;
    let mut times = Vec::new();
    wait::within(wait::SOON, "1000 events", || {
        listener.rings.wait(std::time::Duration::from_millis(100))?;
        listener.rings.drain(&mut |_, record: &[u8]| {
            let (event, _) = <PacketEvent as zerocopy::FromBytes>::read_from_prefix(record).unwrap();
            times.push(event.time);
        });
        Ok(times.len() == 1000)
    })?;
    assert!(times.is_sorted());
    Ok(())
}
