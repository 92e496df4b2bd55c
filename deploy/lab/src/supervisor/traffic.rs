//! What pods say to each other for somebody to look at, on threads of the supervisor's: nothing is started for it.

mod exchange;

use std::net::TcpListener;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_testbed::Namespace;

use self::exchange::Exchange;
use super::pod::Pod;
use crate::control::{TalkState, TrafficState};

/// Pods that talk until they are told to be silent, and go on when they are told to talk again.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Held for reading as long as one waits for an answer.
    is_on: Arc<RwLock<bool>>,
    /// None before the first word.
    talks: Mutex<Vec<Arc<Talk>>>,
}

/// Two that talk, and what became of it.
#[derive(Debug)]
struct Talk {
    name: String,
    sent: AtomicU64,
    answered: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Traffic {
    /// Has pods talk, or be silent; then nobody waits for an answer any more.
    pub(super) fn set(&self, is_on: bool, pods: &[Pod]) -> Result<()> {
        let mut talks = self.talks();
        if is_on && talks.is_empty() {
            echo(pods)?;
            *talks =
                exchange::all().into_iter().map(|of| self.start(of, pods)).collect::<Result<Vec<_>>>()?;
        }
        *self.is_on.write().unwrap_or_else(PoisonError::into_inner) = is_on;
        Ok(())
    }

    /// What became of it so far.
    pub(super) fn state(&self) -> TrafficState {
        let is_on = *self.is_on.read().unwrap_or_else(PoisonError::into_inner);
        TrafficState { is_on, talks: self.talks().iter().map(|talk| talk.state()).collect() }
    }

    fn start(&self, exchange: Exchange, pods: &[Pod]) -> Result<Arc<Talk>> {
        let from = network(exchange.from, pods)?;
        let talk = Arc::new(Talk::new(exchange.name()));
        let (is_on, told) = (Arc::clone(&self.is_on), Arc::clone(&talk));
        thread::spawn(move || {
            let talking = from.run(|| {
                let mut turn = exchange.turns();
                loop {
                    {
                        let is_on = is_on.read().unwrap_or_else(PoisonError::into_inner);
                        if *is_on {
                            told.count(&mut turn);
                        }
                    }
                    thread::sleep(exchange.pause);
                }
            });
            // it does not end by itself
            talking.unwrap_or_else(|error: anyhow::Error| told.note(&error));
        });
        Ok(talk)
    }

    fn talks(&self) -> MutexGuard<'_, Vec<Arc<Talk>>> {
        self.talks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    fn new(name: String) -> Self {
        Self { name, sent: AtomicU64::new(0), answered: AtomicU64::new(0), trouble: Mutex::default() }
    }

    /// Sends once, and waits for the answer.
    fn count(&self, turn: &mut impl FnMut() -> Result<()>) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        match turn() {
            Ok(()) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.note(&error),
        }
    }

    fn note(&self, error: &anyhow::Error) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{error:#}"));
    }

    fn state(&self) -> TalkState {
        TalkState {
            name: self.name.clone(),
            sent: self.sent.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            trouble: self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Returns what it gets, in the pod that streams go to.
fn echo(pods: &[Pod]) -> Result<()> {
    let at = exchange::ECHO;
    let pod =
        pods.iter().find(|pod| pod.plan.address == *at.ip()).context("no pod has the streams' address")?;
    let listener =
        pod.place.run(|| TcpListener::bind(at))?.with_context(|| format!("cannot listen at {at}"))?;
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            thread::spawn(move || {
                // who went without a word is not waited for forever
                stream.set_read_timeout(Some(SILENCE))?;
                std::io::copy(&mut &stream, &mut &stream)
            });
        }
    });
    Ok(())
}

/// A descriptor of a pod's network of its own: its thread has it as long as it likes.
fn network(pod: &str, pods: &[Pod]) -> Result<Namespace> {
    let found =
        pods.iter().find(|of| of.plan.name == pod).with_context(|| format!("there is no pod {pod}"))?;
    // not by this process's number, which is another one outside, where this /proc is
    let descriptor = found.place.network().as_fd().as_raw_fd();
    Namespace::open(Path::new(&format!("/proc/self/fd/{descriptor}")))
}

const SILENCE: Duration = Duration::from_mins(10);
