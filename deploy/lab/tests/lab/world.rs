//! Labs of the tests' own.

use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use wgtrace_lab::{Home, Lab, Room};
use wgtrace_testbed::within;

/// Labs, all of which end with this value.
pub(crate) struct World {
    room: Room,
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// As a shell has it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { room: Room::new(env!("CARGO_BIN_EXE_wgtrace-lab")).unwrap() }
    }

    /// `wgtrace-lab` with the lab `name`.
    pub(crate) fn command(&self, name: &str, line: &[&str]) -> Command {
        self.room.command(name, line)
    }

    /// Runs that to its end.
    pub(crate) fn run(&self, name: &str, line: &[&str]) -> Said {
        said(self.command(name, line).output().unwrap())
    }

    /// The same with a command line of words without spaces in them, which ends well; what it prints.
    pub(crate) fn ok(&self, name: &str, line: &str) -> String {
        let line: Vec<&str> = line.split_whitespace().collect();
        let said = self.run(name, &line);
        assert_eq!(said.code, 0, "{line:?}: {}{}", said.out, said.err);
        said.out
    }

    /// Starts it with both outputs thrown away.
    pub(crate) fn start(&self, name: &str, line: &[&str]) -> Running {
        let mut command = self.command(name, line);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Starts `up --foreground`, and waits until it says that the lab is there.
    pub(crate) fn foreground(&self, name: &str) -> Running {
        let mut command = self.command(name, &["up", "--foreground"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut shown = BufReader::new(child.stdout.take().unwrap());
        while !line.starts_with("POD") {
            line.clear();
            assert!(shown.read_line(&mut line).unwrap() > 0, "{:?}", child.wait());
        }
        // whatever else it says is read to the end
        thread::spawn(move || io::copy(&mut shown, &mut io::sink()));
        Running(child)
    }

    /// Brings a lab up.
    pub(crate) fn up(&self, name: &str, options: &str) -> Lab {
        self.ok(name, &format!("up {options}"));
        self.attach(name)
    }

    pub(crate) fn attach(&self, name: &str) -> Lab {
        self.room.attach(name).unwrap()
    }

    pub(crate) fn home(&self, name: &str) -> Home {
        self.room.home(name).unwrap()
    }

    pub(crate) fn directory(&self) -> &Path {
        self.room.directory()
    }
}

/// A program that is killed if the test does not wait for it.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.0.id(), signal);
    }

    /// How it ended, as a shell has it.
    pub(crate) fn code(&mut self) -> i32 {
        within("the program ends", || self.0.try_wait().unwrap()).into_raw_code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

trait RawCode {
    fn into_raw_code(self) -> i32;
}

impl RawCode for std::process::ExitStatus {
    fn into_raw_code(self) -> i32 {
        self.code().or_else(|| self.signal().map(|signal| 128 + signal)).unwrap()
    }
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.into_raw_code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Sends a signal to a process of this test's.
pub(crate) fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

pub(crate) const CONTROL_PLANE: &str = "cilium-wireguard-control-plane";
pub(crate) const WORKER: &str = "cilium-wireguard-worker";
pub(crate) const WORKER2: &str = "cilium-wireguard-worker2";
