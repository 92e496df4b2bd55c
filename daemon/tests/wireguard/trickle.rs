//! Gentle traffic within a tunnel.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use wgtrace_testbed::{Line, Namespace};

use crate::settings::Pair;

/// Numbered questions and answers, each of which has to arrive, once and in turn.
pub(crate) struct Trickle {
    left: UdpSocket,
    right: UdpSocket,
    number: u32,
    /// Those up to this one may still come, late or twice.
    forgiven: u32,
}

/// Which end asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    Left,
    Right,
}

impl Trickle {
    /// Between ends that are up; over IPv6 if it is there.
    pub(crate) fn new(line: &Line, pair: &Pair) -> Self {
        let [left, right] =
            [&pair.left, &pair.right].map(|settings| SocketAddr::new(*settings.inner.last().unwrap(), PORT));
        Self::between((&line.left, left), (&line.right, right))
    }

    /// Between these addresses.
    pub(crate) fn between(left: (&Namespace, SocketAddr), right: (&Namespace, SocketAddr)) -> Self {
        let [near, far] = [left, right].map(|(namespace, at)| {
            let socket = namespace.run(|| UdpSocket::bind(at)).unwrap();
            socket.unwrap_or_else(|error| panic!("{at}: {error}"))
        });
        near.connect(right.1).unwrap();
        far.connect(left.1).unwrap();
        Self { left: near, right: far, number: 0, forgiven: 0 }
    }

    /// One question and its answer.
    pub(crate) fn ask(&mut self, asker: Asker) {
        self.number += 1;
        let (from, to) = self.sockets(asker);
        from.send(&question(self.number)).unwrap();
        self.expect(to, &question(self.number));
        to.send(&self.last_answer()).unwrap();
        self.expect(from, &self.last_answer());
    }

    /// One question, which nobody waits for.
    pub(crate) fn send(&mut self, asker: Asker) {
        self.number += 1;
        self.sockets(asker).0.send(&question(self.number)).unwrap();
    }

    /// How long it takes until a question is answered, where some are lost.
    pub(crate) fn resumes(&mut self, asker: Asker) -> Duration {
        let since = Instant::now();
        loop {
            assert!(since.elapsed() < 2 * PATIENCE, "traffic does not resume");
            self.number += 1;
            let (from, to) = self.sockets(asker);
            from.send(&question(self.number)).unwrap();
            if receive(to, STEP).is_some() {
                to.send(&self.last_answer()).unwrap();
            }
            if receive(from, STEP).is_some() {
                self.forgiven = self.number;
                return since.elapsed();
            }
        }
    }

    /// What came over the line last.
    pub(crate) fn last_answer(&self) -> Vec<u8> {
        datagram("answer", self.number)
    }

    fn sockets(&self, asker: Asker) -> (&UdpSocket, &UdpSocket) {
        match asker {
            Asker::Left => (&self.left, &self.right),
            Asker::Right => (&self.right, &self.left),
        }
    }

    fn expect(&self, at: &UdpSocket, wanted: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let got = receive(at, left.max(STEP));
            let got =
                got.unwrap_or_else(|| panic!("{} does not come", String::from_utf8_lossy(&wanted[..16])));
            let number: u32 = String::from_utf8_lossy(&got[8..16]).trim().parse().unwrap();
            if number > self.forgiven {
                assert!(got == wanted, "{:?} for {:?}", &got[..16], &wanted[..16]);
                return;
            }
        }
    }
}

fn receive(socket: &UdpSocket, patience: Duration) -> Option<Vec<u8>> {
    socket.set_read_timeout(Some(patience)).unwrap();
    let mut buffer = [0; 2048];
    match socket.recv(&mut buffer) {
        Ok(len) => Some(buffer[..len].to_vec()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(error) if error.kind() == ErrorKind::Interrupted => receive(socket, patience),
        Err(error) => panic!("receiving: {error}"),
    }
}

fn question(number: u32) -> Vec<u8> {
    datagram("question", number)
}

/// Of every length that there is: what, number, filling.
fn datagram(what: &str, number: u32) -> Vec<u8> {
    let mut bytes = format!("{what:8}{number:8}").into_bytes();
    let len = usize::try_from(number).unwrap() * 37 % MOST;
    bytes.resize(16 + len, 0x33);
    bytes
}

const PORT: u16 = 7007;
/// Bytes behind the number: no fragment at the tunnel's MTU.
const MOST: usize = 1340;
/// For one datagram.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between looks.
const STEP: Duration = Duration::from_millis(5);
