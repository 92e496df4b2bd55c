//! What people type, at all three nodes of a lab.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use wgtrace_lab::ping;

use crate::encryption::REMOTE;
use crate::world::{NAME, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn commands_tell_of_a_ping_to_those_behind_their_pipes() {
    let world = World::up();
    let ok = |command: &mut Command| -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };

    let status = ok(&mut world.wgtrace(&format!("wgtrace status --lab={NAME} --wait 30")));
    assert_eq!(status.matches("wgtraced:               Ok").count(), 3, "{status}");
    assert_eq!(status.matches("Cluster health:         3/3 reachable").count(), 3, "{status}");
    assert!(status.contains("NodeMonitor:            Listening for events on"), "{status}");

    // the watch may begin when a packet is half-way: its way is whole all the same
    let observe = format!(
        "wgtrace observe --lab={NAME} -f -c 1 -o json node=worker and src pod=net and icmp and encrypted \
         and iface cilium_wg0 and hook from-container and hook to-wireguard and hook tap-out \
         | jq -r '[.path[0][:3]] + .path[1:] + [.encryption] | join(\" \")'"
    );
    assert_eq!(while_pinging(&world, world.wgtrace(&observe)), "lxc cilium_wg0 eth0 encrypted\n");

    let capture = format!(
        "wgtrace capture --lab={NAME} -w - -c 40 icmp and node=worker | tshark -r - -T fields -e frame.interface_name \
         -e _ws.col.Protocol -e frame.comment"
    );
    let frames = while_pinging(&world, world.wgtrace(&capture));
    assert_eq!(frames.lines().count(), 40, "{frames}");
    let has = |start: &str, protocol: &str, comment: &str| {
        let mut frames = frames.lines();
        frames.any(|frame| frame.starts_with(start) && frame.contains(protocol) && frame.contains(comment))
    };
    assert!(
        has("lxc", "ICMP", "from-container, verdict forwarded, mark 0xe00, from pod default/net"),
        "{frames}"
    );
    assert!(has("eth0", "WireGuard", "WireGuard TransportData, peer cilium-wireguard-worker"), "{frames}");
}

/// What the command prints, while the pod `net` pings until it has ended: it may begin to watch at any time.
fn while_pinging(world: &World, mut command: Command) -> String {
    let pod = world.lab.pod("net").unwrap();
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        assert!(pod.run(|| ping(REMOTE, 3)).unwrap().unwrap().is_whole());
    }
    // Without an end it is not waited for, nor are those that it writes to.
    if child.try_wait().unwrap().is_none() {
        kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
    }
    let Output { stdout, stderr, .. } = child.wait_with_output().unwrap();
    let (said, talk) = (String::from_utf8(stdout).unwrap(), String::from_utf8_lossy(&stderr).into_owned());
    assert!(!said.is_empty(), "{talk}");
    said
}
