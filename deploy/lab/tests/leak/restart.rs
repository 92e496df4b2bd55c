//! Daemons that are killed.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use wgtrace_lab::control::Daemon;

use crate::canary::Canary;
use crate::extra::Extra;
use crate::traffic::{Traffic, median};
use crate::watch::Watch;
use crate::world::{WORKER, WORKER2, World, within};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn traffic_resumes_within_a_second_of_a_restart() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let (mut datagrams, mut streams, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    let mut stalled = Duration::ZERO;
    for node in [WORKER, WORKER2, WORKER] {
        let missing: u64 = traffic.named("udp ").iter().map(|flow| flow.missing()).sum();
        world.daemon(Daemon::Kill, node);
        traffic.wait_sent(DEAD);
        let start = Instant::now();
        world.daemon(Daemon::Start, node);
        ready.push(start.elapsed());
        traffic.wait_more(10);
        stalled = stalled.max(traffic.stalled_since(start));
        let resumed = |start_of_name: &str| {
            let flows = traffic.named(start_of_name).into_iter();
            flows.map(|flow| flow.first_after(start).unwrap() - start).collect::<Vec<_>>()
        };
        datagrams.extend(resumed("udp "));
        streams.extend(resumed("tcp "));
        assert!(world.lost(node, "nobody read it in time") > 0, "{:?}", world.status(node).losses);
        let now_missing: u64 = traffic.named("udp ").iter().map(|flow| flow.missing()).sum();
        assert!(now_missing > missing, "a daemon was dead, and no datagram was lost");
    }
    let medians = [&datagrams, &streams, &ready].map(|of| median(of.clone()));
    eprintln!(
        "restart: datagrams after {datagrams:?}\nstreams after {streams:?}\nready after {ready:?}\nmedians {medians:?}"
    );
    assert!(datagrams.iter().all(|after| *after < SECOND + stalled), "{datagrams:?}, {stalled:?}");
    // retransmission is a timer's, of up to a second
    assert!(
        medians[1] < SECOND + stalled && streams.iter().all(|after| *after < 2 * SECOND + stalled),
        "{streams:?}, {stalled:?}"
    );
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

/// So many datagrams of each flow: two seconds.
const DEAD: u64 = 200;
const SECOND: Duration = Duration::from_secs(1);
const PODS: usize = 32;
const KILLS: usize = 3;
