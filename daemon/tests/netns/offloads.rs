//! Super-frames: one packet for the programs, many on a wire.

use anyhow::Result;
use wgtrace_abi::Hook;
use wgtrace_testbed::{Flood, Line, Offload, Sink, transfer};

use crate::listener::{Listener, Seen};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn tcp_super_frames_say_how_they_would_be_cut() -> Result<()> {
    let line = Line::new()?;
    let mut listener = Listener::at_the_exit(&line)?;
    let bytes = 5_000_000;
    assert_eq!(transfer(&line.left, &line.right, Line::right_port(5000), bytes)?, bytes);
    let seen = listener.seen();
    assert_eq!(seen.len() as u64, line.left.link("eth0")?.sent, "one event for each packet of the device");
    let supers: Vec<&Seen> = seen.iter().filter(|seen| seen.event.gso_size != 0).collect();
    assert!(supers.iter().any(|seen| seen.event.len > 1514 && seen.event.gso_segs > 1));
    for seen in &supers {
        let payload = seen.event.len - headers(&seen.bytes);
        assert_eq!(u32::from(seen.event.gso_segs), payload.div_ceil(u32::from(seen.event.gso_size)));
    }
    let carried: u64 = seen.iter().map(|seen| u64::from(seen.event.len - headers(&seen.bytes))).sum();
    assert!(carried >= bytes, "{carried} bytes of payload, {bytes} and what was sent again");
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_the_device_does_not_cut_is_cut_between_our_hook_and_the_tap() -> Result<()> {
    let line = Line::new()?;
    for feature in [Offload::TcpSegmentation, Offload::GenericSegmentation] {
        line.left.offload("eth0", feature, false)?;
    }
    let mut listener = Listener::at_the_exit(&line)?;
    listener.tap("eth0")?;
    transfer(&line.left, &line.right, Line::right_port(5000), 500_000)?;
    let of = |all: &[Seen], hook| {
        all.iter().filter(|seen| seen.event.hook() == Some(hook)).cloned().collect::<Vec<_>>()
    };
    let seen = listener.seen();
    // TCP makes super-frames for every device (linux: net/core/sock.c, sk_setup_caps)
    assert!(of(&seen, Hook::ToNetdev).iter().any(|seen| seen.event.gso_size != 0));
    let left = of(&seen, Hook::TapOut);
    assert!(left.iter().all(|seen| seen.event.gso_size == 0 && seen.event.len <= 1514));
    assert_eq!(left.len() as u64, line.left.link("eth0")?.sent);
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn udp_super_frames_are_one_event_at_both_ends() -> Result<()> {
    let line = Line::new()?;
    let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
    let mut exit = Listener::at_the_exit(&line)?;
    let mut entry = Listener::new(&line.right)?;
    entry.open("eth0", Hook::FromNetdev)?;
    let flood = Flood { segment: Some(1000), ..Flood::new(Line::right_port(9), 7, 9_500) };
    line.left.run(|| flood.send())??;
    for listener in [&mut exit, &mut entry] {
        let seen = listener.seen();
        assert_eq!(seen.len(), 7);
        for seen in seen {
            let event = seen.event;
            assert_eq!((event.len, event.gso_size, event.gso_segs), (42 + 9_500, 1000, 10));
        }
    }
    Ok(())
}

/// Bytes before the payload of TCP over IPv4.
fn headers(bytes: &[u8]) -> u32 {
    let ip = u32::from(bytes[14] & 0xf) * 4;
    let tcp = u32::from(bytes[14 + usize::try_from(ip).unwrap() + 12] >> 4) * 4;
    14 + ip + tcp
}
