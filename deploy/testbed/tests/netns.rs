//! The testbed itself: what it says it sent is what the devices counted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use wgtrace_testbed::bpf::{Code, Direction, Program, RunCounting};
use wgtrace_testbed::{
    Flood, FrameReceiver, FrameSender, Line, Namespace, Offload, Sink, Tun, frame, ping, transfer,
};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_new_line_is_silent_and_a_flood_is_counted_exactly() -> Result<()> {
    let line = Line::new()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    assert_eq!(line.left.link("eth0")?.sent, 0);
    let sent = line.left.run(|| Flood::new(Line::right_port(9), 10_000, 64).send())??;
    assert_eq!(sent, 10_000);
    assert_eq!(line.left.link("eth0")?.sent, 10_000);
    assert_eq!(line.right.link("eth0")?.received, 10_000);
    assert_eq!(line.right.link("eth0")?.sent, 0, "nobody answers a sink");
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_receiver_keeps_frames_of_its_device_whole_and_in_order() -> Result<()> {
    let line = Line::new()?;
    let mut receiver = line.right.run(|| FrameReceiver::open("eth0", 1 << 20))??;
    assert_eq!(receiver.take()?, None);
    let (left, right) = (line.left.link("eth0")?.mac, line.right.link("eth0")?.mac);
    let frames = [60, 1514].map(|len| frame::ethernet(right, left, 0x88b5, &vec![7; len - 14]));
    let sender = line.left.run(|| FrameSender::open("eth0"))??;
    for frame in &frames {
        sender.send(frame)?;
    }
    for frame in &frames {
        assert_eq!(receiver.take()?, Some(&frame[..]));
    }
    assert_eq!(receiver.take()?, None);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn an_address_is_exchanged_for_another_and_ipv6_is_allowed_device_by_device() -> Result<()> {
    let line = Line::new()?;
    let moved = IpAddr::from([10, 77, 0, 21]);
    line.left.remove_address("eth0", Line::LEFT)?;
    assert!(line.left.remove_address("eth0", Line::LEFT).is_err(), "it is gone");
    line.left.address("eth0", moved, 24)?;
    line.left.neighbour("eth0", Line::RIGHT, line.right.link("eth0")?.mac)?;
    line.right.neighbour("eth0", moved, line.left.link("eth0")?.mac)?;
    assert_eq!(transfer(&line.right, &line.left, (moved, 5000).into(), 100)?, 100);
    let sixth = "fd77::1".parse()?;
    assert!(line.left.address("eth0", sixth, 64).is_err(), "no IPv6 unless told");
    line.left.allow_ipv6("eth0")?;
    line.left.address("eth0", sixth, 64)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn segments_of_a_super_frame_count_as_one_packet() -> Result<()> {
    let line = Line::new()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let flood = Flood { segment: Some(1000), ..Flood::new(Line::right_port(9), 7, 10_000) };
    line.left.run(|| flood.send())??;
    assert_eq!(line.left.link("eth0")?.sent, 7);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn tcp_arrives_whole_with_and_without_offloads() -> Result<()> {
    let line = Line::new()?;
    let bytes = 3_000_000;
    assert_eq!(transfer(&line.left, &line.right, Line::right_port(5000), bytes)?, bytes);
    let with = line.left.link("eth0")?.sent;
    for feature in [Offload::TcpSegmentation, Offload::GenericSegmentation] {
        line.left.offload("eth0", feature, false)?;
    }
    assert_eq!(transfer(&line.left, &line.right, Line::right_port(5001), bytes)?, bytes);
    let without = line.left.link("eth0")?.sent - with;
    assert!(with < bytes / 1500 && bytes / 1500 < without, "{with} super-frames, {without} packets");
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn bridges_and_routes_carry_a_ping() -> Result<()> {
    let (left, middle, right) = (Namespace::new()?, Namespace::new()?, Namespace::new()?);
    left.veth("eth0", (&middle, "a"))?;
    right.veth("eth0", (&middle, "b"))?;
    middle.bridge("br0", &["a", "b"])?;
    ["a", "b", "br0"].into_iter().try_for_each(|port| middle.up(port))?;
    for (namespace, last) in [(&left, 1), (&right, 2)] {
        namespace.up("eth0")?;
        namespace.address("eth0", IpAddr::from([10, 1, 0, last]), 24)?;
    }
    left.route((IpAddr::from([10, 9, 0, 0]), 16), Some(IpAddr::from([10, 1, 0, 2])), "eth0")?;
    right.address("eth0", IpAddr::from([10, 9, 0, 1]), 32)?;
    left.run(|| ping(Ipv4Addr::new(10, 9, 0, 1), 3, 56))?
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn frames_and_tun_packets_pass_as_they_are() -> Result<()> {
    let line = Line::new()?;
    let odd = frame::ethernet([2; 6], [4; 6], 0x88b5, &[1, 2, 3]);
    line.left.run(|| FrameSender::open("eth0")?.repeat(&odd, 5))??;
    assert_eq!(line.right.link("eth0")?.received, 5);

    let mut tun = Tun::new(&line.left, "tun0")?;
    line.left.address("tun0", IpAddr::from([10, 78, 0, 1]), 24)?;
    line.left.up("tun0")?;
    line.left.run(|| Flood::new(SocketAddr::from(([10, 78, 0, 2], 9)), 1, 10).send())??;
    let packet = tun.read()?;
    assert_eq!((packet[0], packet.len()), (0x45, 38));
    tun.inject(&packet)?;
    assert_eq!(line.left.link("tun0")?.received, 1);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn programs_behind_one_that_accepts_see_nothing() -> Result<()> {
    let line = Line::new()?;
    let _counting = RunCounting::start()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let [next, accept, behind] =
        [Code::Next, Code::Accept, Code::Next].map(|code| Program::load("wgt_test", code));
    let (next, accept, behind) = (next?, accept?, behind?);
    let mut places = Vec::new();
    for program in [&next, &accept, &behind] {
        places.push(program.attach(&line.left, "eth0", Direction::Egress)?);
    }
    line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??;
    assert_eq!((next.runs()?, accept.runs()?, behind.runs()?), (100, 100, 0));
    drop(places);
    line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??;
    assert_eq!(next.runs()?, 100);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_redirect_and_a_drop_keep_packets_from_leaving() -> Result<()> {
    let line = Line::new()?;
    line.left.veth("other", (&line.right, "other"))?;
    line.left.up("other")?;
    line.right.up("other")?;
    line.left.wait_up("other")?;
    let elsewhere = Program::load("redirect", Code::Redirect(line.left.link("other")?.index))?;
    let place = elsewhere.attach(&line.left, "eth0", Direction::Egress)?;
    line.left.run(|| Flood::new(Line::right_port(9), 100, 64).send())??;
    assert_eq!(line.left.link("eth0")?.sent, 0);
    assert_eq!(line.right.link("other")?.received, 100);
    drop(place);

    Program::load("drop", Code::Drop)?.attach_filter(&line.left, "eth0", Direction::Egress, 7)?;
    // a datagram that is dropped on its way out is still taken from the sender
    line.left.run(|| Flood::new(Line::right_port(9), 10, 64).send())??;
    assert_eq!(line.left.link("eth0")?.sent, 0);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_test_run_tells_the_verdict() -> Result<()> {
    let packet = frame::ethernet([2; 6], [4; 6], 0x0800, &[0; 50]);
    assert_eq!(Program::load("next", Code::Next)?.test_run(&packet, 10)?.verdict, -1);
    assert_eq!(Program::load("drop", Code::Drop)?.test_run(&packet, 10)?.verdict, 2);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn names_of_namespaces_go_with_their_owner() -> Result<()> {
    let namespace = Namespace::new()?;
    let name = format!("wgt-{}", std::process::id());
    let path = std::path::Path::new("/run/netns").join(&name);
    let mounted = namespace.mount(&name)?;
    assert_eq!(std::os::unix::fs::MetadataExt::ino(&path.metadata()?), u64::from(namespace.inode()?));
    assert!(namespace.mount(&name).is_err());
    drop(mounted);
    assert!(!path.exists());
    Ok(())
}
