//! A process that is told from later ones with its number.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process, as `/proc` numbers it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it started, in ticks since the machine did.
    pub start: u64,
}

impl Process {
    /// This one, whatever it calls itself: it may be the init of a namespace that `/proc` is not of.
    pub fn current() -> Result<Self> {
        Self::read("self")?.context("this process is not in /proc: is it mounted?")
    }

    /// The one with a number; `None` if there is none.
    pub fn of(pid: i32) -> Result<Option<Self>> {
        Self::read(&pid.to_string())
    }

    /// Whether it is still there.
    pub fn is_alive(self) -> Result<bool> {
        Ok(Self::of(self.pid)? == Some(self))
    }

    /// Opens it; `None` if it has ended.
    pub fn open(self) -> Result<Option<OpenProcess>> {
        let pid = Pid::from_raw(self.pid).context("0 is no process")?;
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot open process {}", self.pid)),
        };
        // the number may have been given to another one before it was opened, not behind it
        Ok(self.is_alive()?.then_some(OpenProcess { fd }))
    }

    fn read(which: &str) -> Result<Option<Self>> {
        let path = format!("/proc/{which}/stat");
        let stat = match fs::read_to_string(&path) {
            Ok(stat) => stat,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => return Ok(None),
            Err(error) => return Err(error).context(path),
        };
        let (process, has_ended) =
            parse(&stat).with_context(|| format!("{path} has another form than it should"))?;
        Ok((!has_ended).then_some(process))
    }
}

/// A process that no other one takes the number of.
#[derive(Debug)]
pub struct OpenProcess {
    fd: OwnedFd,
}

impl OpenProcess {
    /// Sends a signal; nothing happens if it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        match pidfd_send_signal(&self.fd, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error).context("cannot send a signal"),
        }
    }

    /// Waits for its end; whether that came in time. With the init of a PID namespace, everything in that has ended.
    pub fn wait(&self, patience: Duration) -> Result<bool> {
        let timeout = Timespec::try_from(patience).context("such a time cannot be waited")?;
        let mut ended = [PollFd::new(&self.fd, PollFlags::IN)];
        match poll(&mut ended, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(error) => Err(error).context("cannot wait for the end of a process"),
        }
    }
}

/// The process, and whether it has ended: then its parent has yet to hear of it. The name, in parentheses, may hold
/// anything: fields count from behind it (proc(5): 3, and 22).
fn parse(stat: &str) -> Option<(Process, bool)> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let behind_name = stat.rsplit_once(") ")?.1;
    let mut fields = behind_name.split(' ');
    let has_ended = matches!(fields.next()?, "Z" | "X");
    let start = fields.nth(18)?.parse().ok()?;
    Some((Process { pid, start }, has_ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "71 (a) (b 7) S 1 71 71 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 12 13";
        assert_eq!(parse(stat), Some((Process { pid: 71, start: 4711 }, false)));
        assert_eq!(parse(&stat.replace(") S", ") Z")).map(|parsed| parsed.1), Some(true));
    }

    #[test]
    fn this_process_is_alive_and_another_one_with_its_number_is_not() {
        let current = Process::current().unwrap();
        assert!(current.is_alive().unwrap());
        assert!(!Process { start: current.start + 1, ..current }.is_alive().unwrap());
        assert!(current.open().unwrap().is_some());
    }
}
