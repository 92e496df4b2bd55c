//! Daemons that end and begin again, and what is said of them.

use serde_json::Value;

use crate::world::{WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_daemon_ends_and_begins_again_and_status_says_so() {
    let world = World::new();
    let _lab = world.up("a", "");
    let program = env!("CARGO_BIN_EXE_wgtrace-lab");
    let ping = format!("exec net {program} ping 10.0.2.194");
    world.ok("a", &ping);
    for (action, how) in [("stop", "exit status: 0"), ("kill", "signal: 9 (SIGKILL)")] {
        world.ok("a", &format!("daemon {action} {WORKER2}"));
        let said = world.run("a", &["status"]);
        assert_eq!(said.code, 3);
        assert!(said.out.contains(&format!("{WORKER2}: wgtraced does not run: {how}")), "{}", said.out);
        let again = world.run("a", &["daemon", action, WORKER2]);
        assert_eq!(
            (again.code, again.err),
            (1, format!("wgtrace-lab: wgtraced of {WORKER2} does not run\n"))
        );
        world.ok("a", &format!("daemon start {WORKER2}"));
        world.ok("a", "status");
        world.ok("a", &ping);
    }
    let twice = world.run("a", &["daemon", "start", WORKER]);
    assert_eq!((twice.code, twice.err), (1, format!("wgtrace-lab: wgtraced of {WORKER} runs already\n")));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn status_is_one_object_of_json_and_numbers_processes_as_they_are_here() {
    let world = World::new();
    let lab = world.up("a", "");
    let status: Value = serde_json::from_str(&world.ok("a", "status --json")).unwrap();
    assert_eq!(status["name"], "a");
    assert_eq!(status["nodes"].as_array().unwrap().len(), 3);
    let nodes = status["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["name"] == WORKER).unwrap();
    assert_eq!((&node["address"], &node["router"]), (&"172.18.0.3".into(), &"10.0.1.26".into()));
    assert_eq!(
        (&node["alive"], &node["faults"], &node["peers"]),
        (&true.into(), &Value::Array(vec![]), &2.into())
    );
    let line = std::fs::read(format!("/proc/{}/cmdline", node["pid"])).unwrap();
    let line = String::from_utf8(line).unwrap();
    assert!(line.contains("wgtraced\0run") && line.contains(WORKER), "{line}");
    let pod = status["pods"].as_array().unwrap().iter().find(|pod| pod["name"] == "net").unwrap();
    assert_eq!((&pod["address"], &pod["node"]), (&"10.0.1.203".into(), &WORKER.into()));
    let device = lab.pod("net").unwrap().host_device();
    assert_eq!(pod["device"], device);
    assert!(device.starts_with("lxc") && lab.node(WORKER).unwrap().network().link(device).is_ok());
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn keys_are_logged_as_asked() {
    let world = World::new();
    for (level, has_keys) in [("off", false), ("session", true)] {
        let lab = world.up("a", &format!("--keys {level}"));
        let program = env!("CARGO_BIN_EXE_wgtrace-lab");
        world.ok("a", &format!("exec net {program} ping 10.0.2.194"));
        let node = lab.node(WORKER).unwrap();
        assert_eq!(node.key_log().is_some(), has_keys);
        let logged = std::fs::read_to_string(node.home().key_log()).unwrap_or_default();
        assert_eq!(logged.lines().any(|line| line.starts_with("0x")), has_keys, "{logged}");
        assert!(!logged.contains("STATIC_PRIVATE_KEY"));
        world.ok("a", "down");
    }
}
