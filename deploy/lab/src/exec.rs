//! `exec`: runs a command on a node or in a pod, in the place of this program as far as one can tell.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use nix::sys::signal::SigSet;
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::Lab;
use crate::cli::{EXIT_ERROR, ExecArgs};
use crate::home::Home;

pub(crate) fn run(args: &ExecArgs, home: &Home) -> Result<ExitCode> {
    let lab = Lab::attach_to(home)?;
    let place = lab.place(&args.place)?;
    let shell = [OsString::from("/bin/sh")];
    let line = if args.command.is_empty() { &shell[..] } else { &args.command };
    let (program, arguments) = line.split_first().context("no command")?;
    let mut command = Command::new(program);
    command.args(arguments);
    // entering the mounts leads to their root
    if let Ok(directory) = std::env::current_dir() {
        command.current_dir(directory);
    }
    let terminal = Terminal::of_stdin();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // a terminal's keys are for the command, which has them as well
        let _interrupt = signal(SignalKind::interrupt())?;
        let _quit = signal(SignalKind::quit())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut child = place.spawn(&mut command)?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("no number of a process")?;
        let (send, mut ended) = oneshot::channel();
        thread::spawn(move || send.send(child.wait()));
        let status = loop {
            tokio::select! {
                status = &mut ended => break status.map_err(|_| anyhow!("nobody waits for it"))??,
                _ = terminate.recv() => pass_on(pid, Signal::TERM),
                _ = hang_up.recv() => pass_on(pid, Signal::HUP),
            }
        };
        if let Some(terminal) = terminal {
            terminal.take_back();
        }
        Ok(code_of(status))
    })
}

/// How a program ended, as a shell has it.
pub(crate) fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(EXIT_ERROR))
}

/// A terminal that this process group is in the foreground of.
struct Terminal(Pid);

impl Terminal {
    fn of_stdin() -> Option<Self> {
        let group = getpgrp();
        (tcgetpgrp(io::stdin()) == Ok(group)).then_some(Self(group))
    }

    /// An interactive shell puts itself in the foreground, and cannot undo that: it has no number for the group that was
    /// there, which is not of its PID namespace.
    fn take_back(self) {
        let mut stop = SigSet::empty();
        stop.add(nix::sys::signal::Signal::SIGTTOU);
        // who is in the background is stopped for asking, unless this is blocked
        if stop.thread_block().is_ok() {
            // a terminal that was hung up belongs to nobody
            let _ = tcsetpgrp(io::stdin(), self.0);
        }
    }
}

/// One that has just ended is told nothing.
pub(crate) fn pass_on(pid: Pid, signal: Signal) {
    let _ = kill_process(pid, signal);
}
