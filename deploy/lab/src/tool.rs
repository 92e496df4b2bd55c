//! What is run on nodes and in pods when nothing is installed.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{CaptureArgs, EXIT_ERROR};
use crate::{Capture, http};

pub(crate) fn ping(to: Ipv4Addr, count: u16) -> Result<ExitCode> {
    let report = crate::ping(to, count)?;
    write!(io::stdout(), "{report}")?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) })
}

pub(crate) fn get(at: SocketAddr) -> Result<ExitCode> {
    let answer = http::get(at)?;
    write!(io::stdout(), "{}", answer.body)?;
    Ok(if answer.status == 200 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) })
}

pub(crate) fn respond(pod: &str, address: Ipv4Addr) -> Result<ExitCode> {
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let error = http::serve(&listener, &http::body(pod, address));
    Err(error).context("cannot take connections")
}

pub(crate) fn capture(args: &CaptureArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let capture = Capture::start(&args.interface)?;
    eprintln!("listening on {}", args.interface);
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = interval.tick() => {
                    if args.count.is_some_and(|count| capture.len() >= count) {
                        break;
                    }
                }
            }
        }
        io::Result::Ok(())
    })?;
    let mut recording = capture.stop()?;
    recording.frames.truncate(args.count.unwrap_or(usize::MAX));
    recording.write(&args.write)?;
    eprintln!("{} packets captured\n{} packets dropped by kernel", recording.frames.len(), recording.lost);
    Ok(ExitCode::SUCCESS)
}

const INTERVAL: Duration = Duration::from_millis(20);
