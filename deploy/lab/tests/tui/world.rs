//! A lab whose sockets an ordinary group may open.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wgtrace_lab::{Home, Lab, ping};
use wgtrace_testbed::{FrameSender, Namespace, Terminal};

/// A lab, which ends with this value.
pub(crate) struct World {
    directory: TempDir,
    programs: PathBuf,
    pub(crate) lab: Lab,
}

impl World {
    pub(crate) fn up() -> Self {
        let programs = std::env::var_os("WGTRACE_PROGRAMS").map(PathBuf::from).expect(
            "WGTRACE_PROGRAMS names the directory of all programs: `cargo xtask test netns` does that",
        );
        let directory = tempfile::tempdir().unwrap();
        let mut up = lab(&directory);
        up.args(["up", "--programs"]).arg(&programs);
        let said = up.output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let home = Home::below(directory.path(), NAME).unwrap();
        let world = Self { lab: Lab::attach_to(&home).unwrap(), directory, programs };
        world.open_to_the_group();
        world
    }

    /// Gives the sockets to the group, and a way to them: a lab's directory is its owner's alone.
    pub(crate) fn open_to_the_group(&self) {
        for node in self.lab.nodes() {
            let socket = node.socket();
            chown(&socket, None, Some(GROUP)).unwrap();
            for directory in
                socket.ancestors().skip(1).take_while(|path| path.starts_with(self.directory.path()))
            {
                fs::set_permissions(directory, Permissions::from_mode(0o711)).unwrap();
            }
        }
    }

    /// `wgtrace tui` of all nodes, with this filter, as somebody of the group.
    pub(crate) fn tui(&self, filter: &[&str]) -> Terminal {
        let mut command = Command::new(self.programs.join("wgtrace"));
        command.arg("tui");
        for node in self.lab.nodes() {
            command.arg("--server").arg(node.socket());
        }
        command.args(filter).uid(NOBODY).gid(GROUP).current_dir("/");
        command.env("HOME", "/nonexistent").env("NO_COLOR", "1").env_remove("XDG_CONFIG_HOME");
        Terminal::start(&mut command, (50, 200)).unwrap()
    }

    /// Runs `wgtrace` with a node's socket as somebody who is of no group that may.
    pub(crate) fn as_a_stranger(&self, line: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join("wgtrace"));
        command.args(line).arg("--server").arg(self.lab.node(WORKER).unwrap().socket());
        command.uid(NOBODY).gid(NOBODY).current_dir("/").stdin(Stdio::null());
        command.env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME").env_remove("WGTRACE_SERVER");
        command.output().unwrap()
    }

    /// Sends packets of which others than those looked for are seen, until all nodes are listened to.
    pub(crate) fn listen(&self, tui: &mut Terminal) {
        let deadline = Instant::now() + PATIENCE;
        let is_told_of = |text: &str, node: &str| {
            // what all names begin with is not shown, nor is the sign of the row that is chosen
            text.lines().filter_map(|row| row.get(1..)).any(|row| row.starts_with(&format!("{node} ")))
        };
        while !NODES.iter().all(|node| is_told_of(&tui.text(), node)) {
            assert!(Instant::now() < deadline, "not every node tells of packets:\n{}", tui.text());
            for node in self.lab.nodes() {
                self.lab.pod("net").unwrap().run(|| ping(node.address(), 1)).unwrap().unwrap();
            }
            // how long it takes does not matter
            let _ = tui.wait_for("rows", Duration::from_millis(300), |_| false);
        }
    }

    /// Detaches what keeps cleartext from leaving a node; the daemon puts it back within ten seconds.
    pub(crate) fn take_the_guard_away(&self, node: &str) {
        let node = self.lab.node(node).unwrap();
        let index = node.run(|| nix::net::if_::if_nametoindex("eth0").unwrap()).unwrap();
        let mut remove = Command::new("rm");
        remove.arg(format!("/sys/fs/bpf/wgtrace/links/{index}-to-netdev")).stdin(Stdio::null());
        let mut child = node.spawn(&mut remove).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Sends a frame by the node's native device.
    pub(crate) fn plant_on_the_way_out(&self, node: &str, frame: &[u8]) {
        plant(self.lab.node(node).unwrap().network(), "eth0", frame);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // its owner's alone again, or the lab is nobody's
        let _ = fs::set_permissions(self.lab.directory(), Permissions::from_mode(0o700));
        let said = lab(&self.directory).arg("down").output().unwrap();
        if !said.status.success() {
            eprintln!("the lab stays: {}", String::from_utf8_lossy(&said.stderr));
        }
    }
}

/// Sends a frame by a device of a namespace.
pub(crate) fn plant(namespace: &Namespace, device: &str, frame: &[u8]) {
    namespace.run(|| FrameSender::open(device).unwrap().send(frame).unwrap()).unwrap();
}

fn lab(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgtrace-lab"));
    command.env(Home::DIRECTORY, directory.path()).args(["--name", NAME]).stdin(Stdio::null());
    command
}

/// Waits for a line of the screen that has all of `parts`; which it is.
#[track_caller]
pub(crate) fn wait_for_row(tui: &mut Terminal, parts: &[&str]) -> String {
    let row = |text: String| {
        text.lines().find(|row| parts.iter().all(|part| row.contains(part))).map(str::to_owned)
    };
    let lines = |screen: &vt100::Screen| screen.rows(0, screen.size().1).collect::<Vec<_>>().join("\n");
    tui.wait_for(&format!("a row with {parts:?}"), PATIENCE, |screen| row(lines(screen)).is_some()).unwrap();
    row(tui.text()).unwrap()
}

/// Types q: the program ends well, and leaves the terminal as it was.
#[track_caller]
pub(crate) fn quit(mut tui: Terminal) {
    tui.send(b"q").unwrap();
    let status = tui.wait_for_end(PATIENCE).unwrap();
    assert!(status.success(), "{status}: {}", tui.text());
    assert!(tui.is_restored().unwrap(), "{}", tui.text());
}

const NODES: [&str; 3] = ["control-plane", "worker", "worker2"];
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const NAME: &str = "tui";
/// Of nobody else.
const GROUP: u32 = 51_871;
const NOBODY: u32 = 65_534;
