//! A lab whose sockets an ordinary group may open.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wgtrace_lab::{Lab, Room, ping};
use wgtrace_testbed::Terminal;

/// A lab, which ends with this value.
pub(crate) struct World {
    pub(crate) lab: Lab,
    room: Room,
    /// `wgtrace` for everybody: where it was built may be closed to others.
    programs: TempDir,
}

impl World {
    pub(crate) fn up() -> Self {
        let room = Room::new(env!("CARGO_BIN_EXE_wgtrace-lab")).unwrap();
        let programs = tempfile::tempdir().unwrap();
        fs::set_permissions(programs.path(), Permissions::from_mode(0o711)).unwrap();
        fs::copy(room.program("wgtrace"), programs.path().join("wgtrace")).unwrap();
        let world = Self { lab: room.up(NAME, &[]).unwrap(), room, programs };
        world.open_to_the_group();
        world
    }

    /// Gives the sockets to the group, and a way to them.
    pub(crate) fn open_to_the_group(&self) {
        for node in self.lab.nodes() {
            chown(node.socket(), None, Some(GROUP)).unwrap();
        }
        self.room.let_others_in(&self.lab).unwrap();
    }

    /// `wgtrace tui` of all nodes, with this filter, as somebody of the group.
    pub(crate) fn tui(&self, filter: &[&str]) -> Terminal {
        let mut command = Command::new(self.programs.path().join("wgtrace"));
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
        let mut command = Command::new(self.programs.path().join("wgtrace"));
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
}

/// Waits for a line of the screen that has all of `parts`; which it is.
#[track_caller]
pub(crate) fn wait_for_row(tui: &mut Terminal, parts: &[&str]) -> String {
    let row = |text: String| {
        text.lines().find(|row| parts.iter().all(|part| row.contains(part))).map(str::to_owned)
    };
    tui.wait_for(&format!("a row with {parts:?}"), PATIENCE, |screen| row(lines(screen)).is_some()).unwrap();
    row(tui.text()).unwrap()
}

/// What the row of a flow on a node says that its packets are; `None` while there is no such row, or nothing in it.
pub(crate) fn state(screen: &str, node: &str, ends: [&str; 2]) -> Option<String> {
    // the sign of the row that is chosen is not its node's
    let rows = screen.lines().map(|row| row.trim_start_matches([' ', '>']));
    let mut of_node = rows.filter(|row| row.split_whitespace().next() == Some(node));
    let row = of_node.find(|row| ends.iter().all(|end| row.contains(end)))?;
    let states: Vec<&str> = row.split_whitespace().filter(|cell| STATES.contains(cell)).collect();
    match states[..] {
        [state] => Some(state.to_owned()),
        _ => None,
    }
}

/// Waits until the row of a flow on a node says that its packets are just that.
#[track_caller]
pub(crate) fn wait_for_state(tui: &mut Terminal, node: &str, ends: [&str; 2], expected: &str) {
    let is_it = |screen: &vt100::Screen| state(&lines(screen), node, ends).as_deref() == Some(expected);
    tui.wait_for(&format!("{expected} on {node}"), PATIENCE, is_it).unwrap();
}

fn lines(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1).collect::<Vec<_>>().join("\n")
}

/// Types q: the program ends well, and leaves the terminal as it was.
#[track_caller]
pub(crate) fn quit(mut tui: Terminal) {
    tui.send(b"q").unwrap();
    let status = tui.wait_for_end(PATIENCE).unwrap();
    assert!(status.success(), "{status}: {}", tui.text());
    assert!(tui.is_restored().unwrap(), "{}", tui.text());
}

const STATES: [&str; 3] = ["ENCRYPTED", "CLEAR", "LEAK"];
const NODES: [&str; 3] = ["control-plane", "worker", "worker2"];
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
const NAME: &str = "tui";
/// Of nobody else.
const GROUP: u32 = 51_871;
const NOBODY: u32 = 65_534;
