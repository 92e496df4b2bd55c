//! The real TUI on a pseudo-terminal, an ordinary user's, beside the real lab.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, processes and clocks")]
#![expect(clippy::unwrap_used, reason = "a test program: what fails ends it")]

mod frames;
#[path = "../common/planted.rs"]
mod planted;
mod world;

use std::time::{Duration, Instant};

use wgtrace_lab::{control, ping};

use crate::world::{PATIENCE, WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_ping_is_a_row_with_its_way_its_encryption_and_its_packets() {
    let world = World::up();
    let mut tui = world.tui(&["icmp"]);
    tui.wait_for_text("3/3", PATIENCE).unwrap();
    world.listen(&mut tui);
    let device = world.lab.pod("net").unwrap().host_device().to_owned();
    let report = world.lab.pod("net").unwrap().run(|| ping(FAR.parse().unwrap(), SENT)).unwrap().unwrap();
    assert!(report.is_whole(), "{report}");
    let way = format!("{device} -> cilium_wg0 -> eth0");
    let counted = format!("{SENT}/{SENT}");
    world::wait_for_row(&mut tui, &[&way, "ENCRYPTED", &counted, "10.0.2.194"]);
    // and on the node that it came to
    let device = world.lab.pod("cni-7n2f9").unwrap().host_device().to_owned();
    world::wait_for_row(
        &mut tui,
        &[&format!("eth0 -> cilium_wg0 -> cilium_host -> {device}"), "ENCRYPTED", &counted],
    );
    // between pods of a node nothing is encrypted, and nothing leaves
    world.lab.pod("net").unwrap().run(|| ping(NEAR.parse().unwrap(), SENT)).unwrap().unwrap();
    let row = world::wait_for_row(&mut tui, &["default/cni-vk8fx", &counted]);
    assert!(!row.contains("ENCRYPTED") && !row.contains("CLEAR") && !row.contains("eth0"), "{row}");
    world::quit(tui);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_planted_cleartext_packet_and_a_dropped_one_are_shown_as_such() {
    let world = World::up();
    let mut tui = world.tui(&["icmp", "or", "udp", "and", "port", "7999"]);
    tui.wait_for_text("3/3", PATIENCE).unwrap();
    world.listen(&mut tui);
    let worker = world.lab.node(WORKER).unwrap();
    planted::take_the_guard_away(worker);
    let ends = ["default/net:7998", "10.0.2.194:7999"];
    let leaks = |screen: &str| world::state(screen, "worker", ends).as_deref() == Some("LEAK");
    let deadline = Instant::now() + PATIENCE;
    // until it is gone, the guard puts them into the tunnel
    while !leaks(&tui.text()) {
        assert!(Instant::now() < deadline, "{}", tui.text());
        planted::plant(worker.network(), "eth0", &planted::cleartext("10.0.1.203", FAR));
        let _ = tui.wait_for("the row", Duration::from_millis(500), |screen| leaks(&screen.contents()));
    }
    // it left where it must not, was kept from the pod that it was for, and passed by on the third node
    world::wait_for_state(&mut tui, "worker", ends, "LEAK");
    world::wait_for_state(&mut tui, "worker2", ["10.0.1.203:7998", "default/cni-7n2f9:7999"], "LEAK");
    world::wait_for_state(&mut tui, "control-plane", ["10.0.1.203:7998", "10.0.2.194:7999"], "CLEAR");
    // a pod that says it is another one
    let pod = world.lab.pod("net").unwrap();
    assert!(planted::plant(pod.network(), "eth0", &frames::from_pod(pod, "10.0.1.77", NEAR)));
    let device = pod.host_device().to_owned();
    world::wait_for_row(&mut tui, &["10.0.1.77", &device]);
    tui.send(b"5").unwrap();
    world::wait_for_row(&mut tui, &["Invalid source ip", "from-container"]);
    world::wait_for_row(&mut tui, &["LEAK: left in the clear", "tap-out"]);
    world::quit(tui);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn when_a_nodes_daemon_is_killed_the_others_go_on() {
    let world = World::up();
    let mut tui = world.tui(&["icmp"]);
    tui.wait_for_text("3/3", PATIENCE).unwrap();
    world.listen(&mut tui);
    world.lab.daemon(control::Daemon::Kill, WORKER2).unwrap();
    tui.wait_for_text("2/3", PATIENCE).unwrap();
    let device = world.lab.pod("net").unwrap().host_device().to_owned();
    world.lab.pod("net").unwrap().run(|| ping(NEAR.parse().unwrap(), 3)).unwrap().unwrap();
    world::wait_for_row(&mut tui, &["default/cni-vk8fx", "3/3", &device]);
    world.lab.daemon(control::Daemon::Start, WORKER2).unwrap();
    world.open_to_the_group();
    tui.wait_for_text("3/3", Duration::from_mins(1)).unwrap();
    world::quit(tui);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn who_is_not_of_the_group_is_told_so_and_nothing_hangs() {
    let world = World::up();
    for command in [["observe", "-f"], ["status", "--json"], ["capture", "-w-"]] {
        let said = world.as_a_stranger(&command);
        let text = String::from_utf8_lossy(&said.stderr);
        assert!(!said.status.success() && text.contains("not allowed to open"), "{command:?}: {said:?}");
    }
}

const NEAR: &str = "10.0.1.54";
const FAR: &str = "10.0.2.194";
const SENT: u16 = 7;
