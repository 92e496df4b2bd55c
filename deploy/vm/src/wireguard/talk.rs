//! Datagrams through the tunnel.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use super::pair::{End, PATIENCE, Pair};

/// A socket at either end.
#[derive(Debug)]
pub(super) struct Talk {
    kernel: UdpSocket,
    ours: UdpSocket,
    v6: bool,
    said: u64,
}

impl Talk {
    pub(super) fn new(pair: &Pair, v6: bool) -> Result<Self> {
        let [kernel, ours] = End::BOTH.map(|end| {
            let at = Pair::inner_port(end, v6, PORT);
            let socket = pair.namespace(end).run(|| UdpSocket::bind(at))?;
            let socket = socket.with_context(|| format!("cannot listen at {at}"))?;
            socket.set_read_timeout(Some(AGAIN))?;
            anyhow::Ok(socket)
        });
        Ok(Self { kernel: kernel?, ours: ours?, v6, said: 0 })
    }

    /// Sends a datagram again and again until the other end has it; how long that took.
    pub(super) fn say(&mut self, from: End) -> Result<Duration> {
        let start = Instant::now();
        self.said += 1;
        while start.elapsed() < PATIENCE {
            self.send(from, self.said);
            if self.hear(from.other(), self.said)? {
                return Ok(start.elapsed());
            }
        }
        bail!("nothing from {from:?} arrived within {} s", PATIENCE.as_secs());
    }

    /// Sends one datagram; whether it arrived before `patience` was over.
    fn say_once(&mut self, from: End, patience: Duration) -> Result<bool> {
        let start = Instant::now();
        self.said += 1;
        self.send(from, self.said);
        while !self.hear(from.other(), self.said)? {
            if start.elapsed() > patience {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Sends one datagram, and does not ask what became of it.
    pub(super) fn drop_a_word(&mut self, from: End) {
        self.said += 1;
        self.send(from, self.said);
    }

    fn send(&self, from: End, number: u64) {
        let to = Pair::inner_port(from.other(), self.v6, PORT);
        // before there is a session, or a route, the device may refuse: then it does not arrive
        drop(self.socket(from).send_to(&number.to_be_bytes(), to));
    }

    /// Whether the datagram of that number arrives before the socket's patience ends; passes over earlier ones.
    fn hear(&self, at: End, number: u64) -> Result<bool> {
        loop {
            let mut buffer = [0; 8];
            match self.socket(at).recv(&mut buffer) {
                Ok(8) if u64::from_be_bytes(buffer) == number => return Ok(true),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    return Ok(false);
                }
                Err(error) => return Err(error).context("cannot hear datagrams"),
            }
        }
    }

    fn socket(&self, end: End) -> &UdpSocket {
        match end {
            End::Kernel => &self.kernel,
            End::Ours => &self.ours,
        }
    }
}

/// A word each way, several times a second, until it is stopped.
#[derive(Debug)]
pub(super) struct Trickle {
    stop: Sender<()>,
    rounds: Arc<AtomicU64>,
    thread: JoinHandle<Result<Tally>>,
}

/// What became of a trickle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Words sent.
    pub(super) sent: u64,
    /// Words that did not arrive.
    pub(super) lost: u64,
    /// The longest time that a word each way took.
    pub(super) slowest: Duration,
}

impl Trickle {
    pub(super) fn start(mut talk: Talk) -> Self {
        let (stop, stopped) = mpsc::channel();
        let rounds = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&rounds);
        let thread = std::thread::spawn(move || {
            let mut tally = Tally::default();
            while stopped.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                let start = Instant::now();
                for from in End::BOTH {
                    tally.sent += 1;
                    tally.lost += u64::from(!talk.say_once(from, PATIENCE)?);
                }
                tally.slowest = tally.slowest.max(start.elapsed());
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(tally)
        });
        Self { stop, rounds, thread }
    }

    /// Words each way so far.
    pub(super) fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }

    pub(super) fn end(self) -> Result<Tally> {
        let Self { stop, thread, .. } = self;
        drop(stop);
        thread.join().map_err(|_| anyhow!("the trickle panicked"))?
    }
}

impl Tally {
    /// In words, unless something was lost.
    pub(super) fn whole(self) -> Result<String> {
        let Self { sent, lost, slowest } = self;
        ensure!(sent > 0 && lost == 0, "{lost} of {sent} datagrams were lost");
        Ok(format!("{sent} datagrams, none lost, the slowest two in {} ms", slowest.as_millis()))
    }
}

const PORT: u16 = 7;
const AGAIN: Duration = Duration::from_millis(200);
const BETWEEN: Duration = Duration::from_millis(500);
