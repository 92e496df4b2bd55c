//! Daemons that are killed.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use wgtrace_lab::control::Daemon;
use wgtrace_testbed::within;

use crate::canary::Canary;
use crate::extra::Extra;
use crate::starved::Starved;
use crate::traffic::{Traffic, median};
use crate::watch::Watch;
use crate::world::{CONTROL_PLANE, WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn traffic_resumes_within_a_second_of_a_restart() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let (mut datagrams, mut streams, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for (node, dead) in
        [(WORKER, LONG), (WORKER2, LONG), (WORKER, 0), (WORKER2, 0), (WORKER, LONGER), (WORKER2, LONGER)]
    {
        let losses = Losses::before(&world, &traffic, node);
        world.daemon(Daemon::Kill, node);
        traffic.wait_sent(dead);
        let (start, starved) = (Instant::now(), Starved::before(&world));
        world.daemon(Daemon::Start, node);
        ready.push(start.elapsed());
        traffic.wait_more(10);
        // the machine's fault, as datagrams saw it that no daemon touches, and as the kernel tells of the daemons
        let stalled = traffic.stalled_since(start) + starved.since(&world);
        // from the start to the first that arrives, or between any two from then on
        let silent = |start_of_name: &str| -> Vec<Duration> {
            traffic.named(start_of_name).iter().map(|flow| flow.gap_since(start)).collect()
        };
        let (of_datagrams, of_streams) = (silent("udp "), silent("tcp "));
        eprintln!(
            "{node}, dead for {} ms, ready after {:?}, machine {stalled:?}: datagrams {of_datagrams:?}, streams {of_streams:?}",
            10 * dead,
            ready.last()
        );
        for silence in of_datagrams.iter().chain(&of_streams) {
            assert!(*silence < SECOND + stalled, "{node}: {silence:?}, {stalled:?}");
        }
        datagrams.extend(of_datagrams);
        streams.extend(of_streams);
        losses.assert_counted(&world, &traffic, dead);
    }
    let shown = [&datagrams, &streams, &ready].map(|of| (median(of.clone()), of.iter().max().copied()));
    eprintln!("restart, medians and worst of datagrams, streams, being ready: {shown:?}");
    traffic.stop();
    watch.stop().assert_clean("daemon killed");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_daemon_that_is_killed_while_pods_are_added_gives_no_address_twice() {
    let world = World::up();
    let canary = Canary::new();
    let extra = Extra::new(&world, WORKER, PODS);
    let before = extra.remains();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::between_pods(&world, &canary);
    let addresses = thread::scope(|scope| {
        let adding = scope.spawn(|| {
            extra.each(|number| {
                within(&format!("pod {number} is added"), || {
                    let added = extra.add(number, "").ok();
                    if added.is_none() {
                        // as container runtimes do
                        extra.delete(number);
                    }
                    added
                })
            })
        });
        for _ in 0..KILLS {
            let some = extra.remains();
            within("some more are added", || (extra.remains() != some || adding.is_finished()).then_some(()));
            world.daemon(Daemon::Kill, WORKER);
            world.daemon(Daemon::Start, WORKER);
        }
        adding.join().unwrap()
    });
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), PODS);
    for (number, checked) in extra.each(|number| extra.check(number)).into_iter().enumerate() {
        checked.unwrap_or_else(|error| panic!("pod {number}: {error}"));
    }
    extra.each(|number| extra.delete(number));
    assert_eq!(extra.remains(), before);
    traffic.wait_more(10);
    traffic.stop();
    watch.stop().assert_clean("daemon killed while pods are added");
}

/// What was lost before a daemon was killed.
struct Losses {
    node: &'static str,
    missing: u64,
    counted: u64,
}

impl Losses {
    fn before(world: &World, traffic: &Traffic, node: &'static str) -> Self {
        let mut before = Self { node, missing: missing(traffic), counted: 0 };
        before.counted = before.counted(world);
        before
    }

    /// By the kernel, of what nobody read; and by the other nodes, of what nobody took.
    fn counted(&self, world: &World) -> u64 {
        let others = [CONTROL_PLANE, WORKER, WORKER2].into_iter().filter(|name| *name != self.node);
        world.lost(self.node, "nobody read it in time")
            + others.map(|other| world.lost_to_peers(other, "unreachable")).sum::<u64>()
    }

    /// All datagrams that are missing now, but for those that were under way when one end died.
    fn assert_counted(&self, world: &World, traffic: &Traffic, dead: u64) {
        let missing = missing(traffic) - self.missing;
        let late = world.lost(self.node, "receiver index of no session");
        let counted = self.counted(world) - self.counted + late;
        eprintln!("  {missing} datagrams missing, {counted} packets counted, {late} of them as too late");
        assert!(missing <= counted + UNDER_WAY, "{missing} datagrams lost, {counted} packets counted");
        assert!(dead == 0 || counted > 0);
    }
}

fn missing(traffic: &Traffic) -> u64 {
    traffic.named("udp ").iter().map(|flow| flow.missing()).sum()
}

/// So many datagrams of each flow: two seconds, after which retransmission has backed off for more than one.
const LONG: u64 = 200;
/// The same for more than two.
const LONGER: u64 = 350;
/// Datagrams that a daemon had taken and not given on, and those that others sent before the first came back.
const UNDER_WAY: u64 = 50;
const SECOND: Duration = Duration::from_secs(1);
const PODS: usize = 32;
const KILLS: usize = 3;
