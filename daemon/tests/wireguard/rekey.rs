//! What happens after two minutes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use wgtrace_testbed::Line;

use crate::end::is_go_wanted;
use crate::packets::{self, Sent};
use crate::trickle::Asker;
use crate::watched::{Begin, Plan, Right, Seen, Tunnel, watch};

/// Gentle traffic both ways, of which nothing is lost, until well behind the second handshake.
fn across_a_rekey(plan: Plan) -> Seen {
    watch(plan, |tunnel| {
        let Tunnel { left, right, trickle, .. } = tunnel;
        let (since, first) = (Instant::now(), [left.latest_handshake(), right.latest_handshake()]);
        loop {
            for _ in 0..10 {
                trickle.ask(Asker::Left);
                trickle.ask(Asker::Right);
                thread::park_timeout(PACE);
            }
            if left.latest_handshake() != first[0] && right.latest_handshake() != first[1] {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(150), "no second handshake");
        }
        for _ in 0..50 {
            trickle.ask(Asker::Left);
            trickle.ask(Asker::Right);
        }
        let (end, began) = match plan.initiator {
            Asker::Left => (left, first[0]),
            Asker::Right => (right, first[1]),
        };
        // whitepaper 6.2: REKEY_AFTER_TIME
        let age = end.latest_handshake() - began;
        assert!((120..=122).contains(&age), "{age} s");
        tunnel.left.wait_to_agree_with(&tunnel.right);
    })
}

/// Whether one end asked twice, the other answered twice, and both changed their session once.
fn is_one_rekey(plan: Plan, seen: &Seen) {
    let (asking, asked) = match plan.initiator {
        Asker::Left => (Line::LEFT, Line::RIGHT),
        Asker::Right => (Line::RIGHT, Line::LEFT),
    };
    let sent: BTreeMap<IpAddr, Sent> = packets::messages(&packets::read(&seen.outer.path()));
    assert_eq!((sent[&asking].initiations, sent[&asking].responses), (2, 0), "{plan:?}");
    assert_eq!((sent[&asked].initiations, sent[&asked].responses), (0, 2), "{plan:?}");
    assert_eq!((sent[&asking].receivers.len(), sent[&asked].receivers.len()), (2, 2), "{plan:?}: {sent:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_rekey_loses_nothing_and_its_capture_is_opened_whole() {
    let plan = |right, initiator, keys| Plan { right, initiator, keys, from: Begin::Handshake, cut: false };
    let mut plans =
        vec![plan(Right::Ours, Asker::Left, "session"), plan(Right::Ours, Asker::Right, "wireshark")];
    if is_go_wanted() {
        plans.push(plan(Right::Go, Asker::Left, "session"));
        plans.push(plan(Right::Go, Asker::Right, "session"));
        plans.push(plan(Right::Go, Asker::Left, "wireshark"));
        plans.push(plan(Right::Go, Asker::Right, "wireshark"));
    }
    // All at once: it takes two minutes.
    thread::scope(|scope| {
        let running: Vec<_> =
            plans.into_iter().map(|plan| (plan, scope.spawn(move || across_a_rekey(plan)))).collect();
        for (plan, running) in running {
            let seen = running.join().unwrap_or_else(|_| panic!("{plan:?}"));
            is_one_rekey(plan, &seen);
            assert_eq!(seen.is_opened_by_wgtrace(), 2, "{plan:?}");
            if plan.keys == "wireshark" {
                seen.is_opened_by_tshark();
            }
        }
    });
}

/// Between questions.
const PACE: Duration = Duration::from_millis(100);
