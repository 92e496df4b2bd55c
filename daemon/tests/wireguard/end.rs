//! One end of a tunnel: a process, its interface and its namespace.

use std::ffi::OsString;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use wgtrace_testbed::Namespace;

use crate::settings::Settings;

/// A running end; it is killed when this is dropped.
pub(crate) struct End<'n> {
    namespace: &'n Namespace,
    name: String,
    child: Child,
}

impl<'n> End<'n> {
    /// `wgtraced wg-user`.
    pub(crate) fn ours(namespace: &'n Namespace, settings: &Settings) -> Self {
        Self::ours_with(namespace, settings, &[])
    }

    /// The same with more arguments.
    pub(crate) fn ours_with(namespace: &'n Namespace, settings: &Settings, more: &[&str]) -> Self {
        let child = wg_user(namespace, &settings.file(true), more).stderr(Stdio::inherit());
        let end = Self::start(namespace, settings, child);
        end.wait_for_addresses(settings);
        end
    }

    /// wireguard-go, configured by `wg`.
    pub(crate) fn go(namespace: &'n Namespace, settings: &Settings) -> Self {
        let mut command = Command::new(go());
        command.args(["-f", &settings.name]).env("WG_PROCESS_FOREGROUND", "1").stdout(Stdio::null());
        let end = Self::start(namespace, settings, Launch { namespace, command });
        let output = wg(&["setconf", &settings.name, &settings.file(false)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        namespace.mtu(&settings.name, 1420).unwrap();
        for (address, prefix) in settings.addresses() {
            namespace.address(&settings.name, address, prefix).unwrap();
        }
        namespace.up(&settings.name).unwrap();
        end.wait_for_addresses(settings);
        end
    }

    fn start(namespace: &'n Namespace, settings: &Settings, mut launch: Launch<'_>) -> Self {
        let program = launch.command.get_program().to_string_lossy().into_owned();
        let child = launch.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut end = Self { namespace, name: settings.name.clone(), child };
        wait_for("the device to be shown", || {
            assert_eq!(end.child.try_wait().unwrap(), None, "{program} ended");
            wg(&["show", &end.name]).status.success()
        });
        end
    }

    /// Those of IPv6 take a moment, though nobody is asked about them.
    fn wait_for_addresses(&self, settings: &Settings) {
        for (address, _) in settings.addresses() {
            wait_for("the address to be usable", || {
                self.namespace.run(|| UdpSocket::bind((address, 0))).unwrap().is_ok()
            });
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// One field of `wg show`, of the only peer where it is a peer's.
    pub(crate) fn shown(&self, field: &str) -> Vec<String> {
        let text = String::from_utf8(wg(&["show", &self.name, field]).stdout).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Bytes received and sent, as `wg show` has them.
    pub(crate) fn transferred(&self) -> (u64, u64) {
        let fields = self.shown("transfer");
        (fields[1].parse().unwrap(), fields[2].parse().unwrap())
    }

    /// Waits until each end has received what the other has sent, to the byte.
    pub(crate) fn wait_to_agree_with(&self, other: &Self) {
        let mut seen = Default::default();
        let agrees = || {
            let (theirs, (received, sent)) = (other.transferred(), self.transferred());
            seen = ((sent, received), theirs);
            seen.0 == seen.1
        };
        assert!(comes_true(agrees), "sent and received, at the other end received and sent: {seen:?}");
    }

    /// When a handshake was last completed, in seconds since 1970.
    pub(crate) fn latest_handshake(&self) -> u64 {
        self.shown("latest-handshakes")[1].parse().unwrap()
    }

    /// Packets that the interface was handed and the stack refused.
    pub(crate) fn refused(&self) -> u64 {
        let table = self.namespace.run(|| fs::read_to_string("/proc/thread-self/net/dev")).unwrap().unwrap();
        let line = table.lines().find_map(|line| line.trim().strip_prefix(&format!("{}:", self.name)));
        let received = line.expect("the interface is there").split_whitespace();
        // Errors and drops stand behind bytes and packets.
        received.skip(2).take(2).map(|number| number.parse::<u64>().unwrap()).sum()
    }

    /// What a thread of the program has used of a processor, in nanoseconds.
    pub(crate) fn cpu_time(&self, thread: &str) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let is_it = |dir: &PathBuf| fs::read_to_string(dir.join("comm")).unwrap().trim() == thread;
        let dir = tasks.map(|task| task.unwrap().path()).find(is_it).expect("there is such a thread");
        let stat = fs::read_to_string(dir.join("schedstat")).unwrap();
        stat.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Whether the program has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(format!("/var/run/wireguard/{}.sock", self.name));
    }
}

/// A program that is to run in a namespace.
pub(crate) struct Launch<'n> {
    namespace: &'n Namespace,
    command: Command,
}

impl Launch<'_> {
    fn stderr(mut self, stderr: Stdio) -> Self {
        self.command.stderr(stderr);
        self
    }

    fn spawn(&mut self) -> io::Result<Child> {
        let (namespace, command) = (self.namespace, &mut self.command);
        namespace.run(|| command.spawn()).unwrap()
    }

    pub(crate) fn output(mut self) -> Output {
        let (namespace, command) = (self.namespace, &mut self.command);
        namespace.run(|| command.output()).unwrap().unwrap()
    }
}

/// `wgtraced wg-user` with a configuration file.
pub(crate) fn wg_user<'n>(namespace: &'n Namespace, config: &str, more: &[&str]) -> Launch<'n> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgtraced"));
    command.args(["wg-user", "--config", config]).args(more);
    Launch { namespace, command }
}

/// `wgtraced wg-user` with settings, to its end.
pub(crate) fn try_ours(namespace: &Namespace, settings: &Settings, more: &[&str]) -> Output {
    wg_user(namespace, &settings.file(true), more).output()
}

/// The program to run as wireguard-go.
fn go() -> OsString {
    std::env::var_os("WGTRACE_WIREGUARD_GO").unwrap_or_else(|| "wireguard-go".into())
}

/// Whether tests against wireguard-go are to run: it must be here, unless `WGTRACE_SKIP` names it.
pub(crate) fn is_go_wanted() -> bool {
    let skip = std::env::var("WGTRACE_SKIP").unwrap_or_default();
    if skip.split(',').any(|name| name == "wireguard-go") {
        eprintln!("skipped by WGTRACE_SKIP: wireguard-go");
        return false;
    }
    let found = Command::new(go()).arg("--version").output().is_ok();
    assert!(
        found,
        "{} does not start: Debian's package wireguard-go will do (newer is faster), and WGTRACE_WIREGUARD_GO \
         names another path (WGTRACE_SKIP=wireguard-go to do without)",
        go().to_string_lossy()
    );
    true
}

/// The stock `wg`.
pub(crate) fn wg(args: &[&str]) -> Output {
    Command::new("wg").args(args).output().expect("wg is not installed (Debian: wireguard-tools)")
}

/// Looks again and again, for ten seconds.
#[track_caller]
pub(crate) fn wait_for(what: &str, is_so: impl FnMut() -> bool) {
    assert!(comes_true(is_so), "waited in vain for {what}");
}

fn comes_true(mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    true
}
