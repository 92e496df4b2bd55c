//! The moment between a process and the program in it: descriptors take the numbers that the program expects them at.

use std::ffi::OsString;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The hidden command: becomes a program that is given standard input's descriptor under this name (`sd_listen_fds(3)`).
pub(crate) fn run(name: &str, line: &[OsString]) -> Result<ExitCode> {
    let (program, arguments) = line.split_first().context("no program")?;
    // The first that is free: it is not closed for the program.
    let given = rustix::io::dup(std::io::stdin()).context("the descriptor")?;
    ensure!(given.as_raw_fd() == FIRST, "descriptor {FIRST} is in use: close what {name} inherits");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.env("LISTEN_PID", std::process::id().to_string());
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name);
    Err(command.exec()).with_context(|| format!("cannot start {}", program.to_string_lossy()))
}

// sd_listen_fds(3): SD_LISTEN_FDS_START
const FIRST: i32 = 3;
