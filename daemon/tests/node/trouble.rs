use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::world::Node;

fn complaint(node: &Node) -> String {
    let output = node.output("run");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_a_node_cannot_do_without_is_named() {
    let node = Node::up("");
    let told = complaint(&node);
    assert!(told.contains("another wgtraced runs this node"), "{told}");
    drop(node);

    let node = Node::new("device = \"eth7\"\n");
    let told = complaint(&node);
    assert!(told.contains("there is no interface eth7"), "{told}");

    let node = Node::new("");
    fs::set_permissions(node.path("nodes"), Permissions::from_mode(0o777)).unwrap();
    let told = complaint(&node);
    assert!(told.contains("chmod go-w"), "{told}");
    fs::remove_dir(node.path("nodes")).unwrap();
    let told = complaint(&node);
    assert!(told.contains("mkdir -p"), "{told}");

    let node = Node::new("");
    fs::create_dir(node.path("lib")).unwrap();
    fs::set_permissions(node.path("lib"), Permissions::from_mode(0o755)).unwrap();
    let told = complaint(&node);
    assert!(told.contains("chmod 700"), "{told}");

    // Nothing was begun by any of them.
    assert!(!node.ip("link show").contains("cilium"), "{}", node.ip("link show"));

    let node = Node::new("");
    let _taken = node.namespace.run(|| std::net::UdpSocket::bind(("0.0.0.0", 51871))).unwrap().unwrap();
    let told = complaint(&node);
    assert!(told.contains("51871"), "{told}");
    assert!(!node.ip("link show").contains("cilium") && !node.pinned(), "{}", node.ip("link show"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_others_remove_is_put_back() {
    let node = Node::up("");
    let pod = wgtrace_testbed::Namespace::new().unwrap();
    node.add("net", &pod, "").unwrap();
    let (left, entry) = (node.left(), node.path("nodes/worker.json"));
    fs::remove_file(&entry).unwrap();
    node.unpin();
    let until = std::time::Instant::now() + crate::world::WAIT;
    while !entry.exists() || node.left() != left {
        assert!(std::time::Instant::now() < until, "{:?}: {}", node.left(), node.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    node.cni("CHECK", "net", Some(&pod), "").unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn without_a_bpf_file_system_nothing_is_begun() {
    let node = Node::new("");
    let config = node.path("wgtraced.toml");
    let script = format!(
        "mount --make-rprivate / && mount -t tmpfs tmpfs /sys/fs/bpf && exec {} run --config {}",
        env!("CARGO_BIN_EXE_wgtraced"),
        config.display()
    );
    let run = || Command::new("unshare").args(["--mount", "sh", "-c", &script]).output();
    let output = node.namespace.run(run).unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("mount"), "{told}");
    assert!(!node.ip("link show").contains("cilium"), "{}", node.ip("link show"));
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_device_that_somebody_removes_is_made_again() {
    let mut node = Node::up("");
    for device in ["cilium_wg0", "cilium_host"] {
        node.namespace.delete(device).unwrap();
        let until = std::time::Instant::now() + crate::world::WAIT;
        while !node.ip("route show table 201").contains("default dev cilium_wg0")
            || !node.ip("route show").contains("dev cilium_host")
        {
            assert!(std::time::Instant::now() < until, "{}", node.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    node.end("TERM");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn changes_are_for_root() {
    let node = Node::up("");
    fs::set_permissions(node.path("."), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(node.socket(), Permissions::from_mode(0o666)).unwrap();
    let as_nobody = || {
        // Of this thread alone: the system call, not libc's, which tells the others.
        rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
        node.cni("DEL", "net", None, "").unwrap_err().to_string()
    };
    let told = std::thread::scope(|scope| scope.spawn(as_nobody).join().unwrap());
    assert!(told.contains("changes are for root (uid 0): this is user 65534"), "{told}");
}
