use std::fs;
use std::time::{Duration, Instant};

use wgtraced::privileges::LASTING;

use crate::world::{Node, WAIT};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_thread_of_a_daemon_that_is_up_may_do_more_than_it_needs() {
    let node = Node::up("");
    let pid = node.daemon();
    let until = Instant::now() + WAIT;
    // the socket is there a moment before the last of it is given up
    while let Some(thread) = threads(pid).into_iter().find(|thread| !is_confined(thread)) {
        assert!(Instant::now() < until, "{thread}");
        std::thread::sleep(Duration::from_millis(5));
    }
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(cores.split_whitespace().filter(|word| *word == "0").count(), 2, "{cores}");
    // and it can do what it is there for
    let pod = wgtrace_testbed::Namespace::new().unwrap();
    node.add("net", &pod, "").unwrap();
    assert!(threads(pid).iter().all(|thread| is_confined(thread)));
}

/// What `/proc` says of each.
fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    // one that has ended meanwhile says nothing
    tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("status")).ok()).collect()
}

fn is_confined(status: &str) -> bool {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let set = |name: &str| u64::from_str_radix(field(name), 16).unwrap();
    let lasting = LASTING.bits();
    // what a program that is run instead of this one could get: never those of modules, of devices' registers, of clocks, of restarts
    let others = [16, 17, 25, 22].map(|number| 1_u64 << number);
    set("CapEff:") & !lasting == 0
        && set("CapPrm:") & !lasting == 0
        && set("CapInh:") == 0
        && set("CapAmb:") == 0
        && others.iter().all(|other| set("CapBnd:") & other == 0)
        && field("NoNewPrivs:") == "1"
}
