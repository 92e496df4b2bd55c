//! The program's end.
#![expect(unsafe_code, reason = "what runs between fork and exec")]

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigHandler, Signal, signal};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Both ends of a new pseudo-terminal: ours, which does not block, and the program's.
pub(super) fn open(size: Winsize) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let theirs = ioctl_tiocgptpeer(&master, flags)?;
    fcntl_setfd(&theirs, FdFlags::CLOEXEC)?;
    tcsetwinsize(&master, size)?;
    fcntl_setfl(&master, fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
    Ok((master, theirs))
}

/// Starts the program in a session of its own, with `terminal` as what it is controlled by.
pub(super) fn spawn(command: &mut Command, terminal: &OwnedFd) -> io::Result<Child> {
    command.stdin(Stdio::from(terminal.try_clone()?));
    command.stdout(Stdio::from(terminal.try_clone()?));
    command.stderr(Stdio::from(terminal.try_clone()?));
    let become_leader = || {
        setsid()?;
        ioctl_tiocsctty(rustix::stdio::stdin())?;
        for key in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGHUP] {
            // SAFETY: no handler is set. Who was started in the background ignores these, and a shell could not trap them.
            unsafe { signal(key, SigHandler::SigDfl) }?;
        }
        Ok(())
    };
    // SAFETY: it makes system calls and allocates nothing.
    unsafe { command.pre_exec(become_leader) };
    let child = command.spawn();
    // Else the terminal would outlive the program for as long as the command does.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    child
}
