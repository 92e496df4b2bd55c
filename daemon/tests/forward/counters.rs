//! Reading what the programs counted.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use aya::maps::{MapData, PerCpuArray};
use wgtrace_abi::forward::{Metric, Settings};
use wgtrace_abi::{DropReason, Hook, names};
use wgtrace_testbed::BpfFs;
use wgtrace_testbed::walkthrough::{CNI, NET, NODE, OTHER_NODE, PORT, REMOTE, ping, udp};
use wgtraced::datapath::bpf::{Counted, Forwarding};

use crate::node::{self, NOBODY};
use crate::run::run;

const ROUNDS: usize = 11;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn counters_are_read_at_once_as_they_are_one_by_one_and_faster() -> Result<()> {
    let fs = BpfFs::mount()?;
    let mut forwarding = node::load(&fs, Settings::ENCRYPTION)?;
    assert_eq!(forwarding.metrics().read()?, Counted::default());
    for (hook, frame, times) in [
        (Hook::FromContainer, ping(NET, REMOTE, 255), 3),
        (Hook::FromContainer, ping(CNI, REMOTE, 255), 2),
        (Hook::FromHost, ping(REMOTE, NOBODY, 64), 1),
        (Hook::FromNetdev, udp(REMOTE, NET, 9), 4),
        (Hook::FromNetdev, udp(OTHER_NODE, NODE, PORT), 5),
        (Hook::ToNetdev, ping(NODE, NOBODY, 64), 6),
    ] {
        for _ in 0..times {
            run(&mut forwarding, hook, &frame, 0)?;
        }
    }
    let (at_once, one_by_one) = (forwarding.metrics().read()?, read_one_by_one(&mut forwarding)?);
    assert_eq!(at_once.fates, one_by_one);
    let is_there = |hook, reason, packets| {
        at_once.fates.iter().any(|(of, why, metric)| (*of, *why, metric.packets) == (hook, reason, packets))
    };
    assert!(is_there(Hook::FromContainer, None, 3), "{at_once:?}");
    assert!(is_there(Hook::FromContainer, Some(DropReason::INVALID_SOURCE_IP), 2), "{at_once:?}");
    assert!(is_there(Hook::ToNetdev, Some(DropReason::UNENCRYPTED), 6), "{at_once:?}");

    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        forwarding.metrics().read()?;
        fast.push(start.elapsed());
        let start = Instant::now();
        read_one_by_one(&mut forwarding)?;
        slow.push(start.elapsed());
    }
    let [fast, slow] = [fast, slow].map(median);
    println!("{} counters: {fast:?} at once, {slow:?} one by one", Metric::COUNT);
    assert!(fast * 2 < slow, "{fast:?}, {slow:?}");
    Ok(())
}

/// By the map's own type.
fn read_one_by_one(forwarding: &mut Forwarding) -> Result<Vec<(Hook, Option<DropReason>, Metric)>> {
    let map = forwarding.instance().object_mut().map(names::METRICS).context("no such map")?;
    let map: PerCpuArray<&MapData, [u64; 2]> = map.try_into()?;
    let mut found = Vec::new();
    for position in 0..map.len() {
        let (mut packets, mut bytes) = (0, 0);
        for [some, of_some] in map.get(&position, 0)?.iter() {
            (packets, bytes) = (packets + some, bytes + of_some);
        }
        let (hook, reason) = Metric::meaning(position).context("a counter of nothing")?;
        if packets > 0 {
            found.push((hook, reason, Metric { packets, bytes }));
        }
    }
    Ok(found)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
