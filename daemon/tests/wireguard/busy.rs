//! More than one thread can do.

use std::net::Ipv4Addr;
use std::thread;

use wgtrace_testbed::{Line, ping, transfer};

use crate::end::{End, wait_for};
use crate::settings::Pair;

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_second_worker_takes_the_way_out_while_both_are_busy() {
    let line = Line::new().unwrap();
    let pair = Pair::new(false);
    let (left, right) = (End::ours(&line.left, &pair.left), End::ours(&line.right, &pair.right));
    let helped = || left.cpu_time("wg-second").max(right.cpu_time("wg-second"));
    let at_first = helped();

    let (forth, back) = (pair.right.inner_port(5001), pair.left.inner_port(5002));
    thread::scope(|scope| {
        let forth = scope.spawn(|| transfer(&line.left, &line.right, forth, LARGE).unwrap());
        let back = scope.spawn(|| transfer(&line.right, &line.left, back, LARGE).unwrap());
        assert_eq!((forth.join().unwrap(), back.join().unwrap()), (LARGE, LARGE));
    });
    assert!(helped() > at_first + 10_000_000, "{at_first} ns before, {} after", helped());

    // It returns what it took over, and sleeps while there is little to do.
    let mut before = 0;
    wait_for("the second workers to rest", || {
        line.left.run(|| ping(Ipv4Addr::new(10, 9, 0, 2), 50, 56)).unwrap().unwrap();
        let now = helped();
        std::mem::replace(&mut before, now) == now
    });
}

const LARGE: u64 = 100 << 20;
