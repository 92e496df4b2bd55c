//! The traffic.
#![expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustix::net::sockopt::set_tcp_congestion;
use wgtrace_testbed::{Flood, Pinger};

use super::contender::{Tunnel, cpu};
use super::figures::{Figure, Figures};

/// How long, and how.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Load {
    /// Of each measurement.
    pub(in crate::bench) seconds: u64,
    /// TCP's congestion control.
    pub(in crate::bench) congestion: String,
}

/// One stream, four, and one each way; and what the one took of the machine.
pub(in crate::bench) fn tcp(tunnel: &Tunnel, load: &Load, figures: &mut Figures) -> Result<()> {
    for (figure, forth, back) in [(Figure::Tcp1, 1, 0), (Figure::Tcp4, 4, 0), (Figure::TcpBoth, 1, 1)] {
        let streams = Streams::start(tunnel, (forth, back), &load.congestion)?;
        thread::sleep(WARM_UP);
        let (start, bytes) = (Instant::now(), streams.arrived());
        let (tunnel_cpu, own_cpu) = (tunnel.cpu()?, cpu("self")?);
        thread::sleep(Duration::from_secs(load.seconds));
        let (bytes, elapsed) = ((streams.arrived() - bytes) as f64, start.elapsed().as_secs_f64());
        let (tunnel_cpu, own_cpu) = (tunnel.cpu()? - tunnel_cpu, cpu("self")? - own_cpu);
        streams.end()?;
        figures.add(figure, bytes * 8.0 / elapsed / 1e9);
        if figure == Figure::Tcp1 {
            if tunnel_cpu > 0.0 {
                figures.add(Figure::TunnelCpu, tunnel_cpu / (bytes / 1e9));
            }
            figures.add(Figure::WholeCpu, (tunnel_cpu + own_cpu) / (bytes / 1e9));
        }
    }
    Ok(())
}

/// As many datagrams as one thread can send.
pub(in crate::bench) fn udp(tunnel: &Tunnel, load: &Load, figures: &mut Figures) -> Result<()> {
    let to = SocketAddr::from((tunnel.far, PORT));
    let socket = tunnel.line.right.run(|| UdpSocket::bind(to))?.context("cannot listen")?;
    socket.set_read_timeout(Some(QUIET))?;
    let cpu_before = tunnel.cpu()?;
    let start = Instant::now();
    let deadline = start + Duration::from_secs(load.seconds);
    let (sent, received) = thread::scope(|scope| {
        let receiver = scope.spawn(|| count_datagrams(&socket, deadline));
        let sender = tunnel.line.left.run(|| Flood::new(to, u64::MAX, 64).send_until(deadline));
        let received = receiver.join().map_err(|_| anyhow!("the receiver panicked"))?;
        anyhow::Ok((sender??, received?))
    })?;
    let elapsed = (deadline - start).as_secs_f64();
    ensure!(received > 0, "no datagram arrived");
    let (sent, received) = (sent as f64, received as f64);
    figures.add(Figure::UdpOffered, sent / elapsed / 1e3);
    figures.add(Figure::UdpReceived, received / elapsed / 1e3);
    figures.add(Figure::UdpLoss, (1.0 - received / sent) * 100.0);
    let cpu = tunnel.cpu()? - cpu_before;
    if cpu > 0.0 {
        figures.add(Figure::UdpCpu, cpu / (received / 1e6));
    }
    Ok(())
}

/// Reads one datagram a call, as most programs do, until `deadline`.
fn count_datagrams(socket: &UdpSocket, deadline: Instant) -> Result<u64> {
    let (mut buffer, mut count) = ([0; 128], 0);
    loop {
        match socket.recv(&mut buffer) {
            Ok(_) if Instant::now() < deadline => count += 1,
            Ok(_) => return Ok(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if Instant::now() >= deadline {
                    return Ok(count);
                }
            }
            Err(error) => return Err(error).context("cannot receive"),
        }
    }
}

/// Echo requests with a pause between them, alone and beside a stream.
pub(in crate::bench) fn rtt(tunnel: &Tunnel, load: &Load, figures: &mut Figures) -> Result<()> {
    let (mut idle, _) = round_trips(tunnel, load.seconds)?;
    figures.add(Figure::IdleMiddle, percentile(&mut idle, 50));
    figures.add(Figure::IdleTail, percentile(&mut idle, 99));
    let streams = Streams::start(tunnel, (1, 0), &load.congestion)?;
    thread::sleep(WARM_UP);
    let (mut loaded, lost) = round_trips(tunnel, load.seconds)?;
    streams.end()?;
    figures.add(Figure::LoadedMiddle, percentile(&mut loaded, 50));
    figures.add(Figure::LoadedTail, percentile(&mut loaded, 99));
    figures.add(Figure::LoadedLost, 100.0 * lost as f64 / (lost + loaded.len()) as f64);
    Ok(())
}

/// Round trips in microseconds, and how many requests were not answered.
fn round_trips(tunnel: &Tunnel, seconds: u64) -> Result<(Vec<f64>, usize)> {
    let mut pinger = tunnel.line.left.run(|| Pinger::new(tunnel.far, 56))??;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let (mut times, mut lost) = (Vec::new(), 0);
    while Instant::now() < deadline {
        match pinger.round_trip()? {
            Some(time) => times.push(time.as_secs_f64() * 1e6),
            None => lost += 1,
        }
        thread::sleep(PAUSE);
    }
    Ok((times, lost))
}

fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * percent / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// TCP connections that carry as much as they can.
struct Streams {
    arrived: Arc<AtomicU64>,
    ending: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Streams {
    /// So many from left to right, and so many back.
    fn start(tunnel: &Tunnel, (forth, back): (usize, usize), congestion: &str) -> Result<Self> {
        let (left, right) = (&tunnel.line.left, &tunnel.line.right);
        let mut streams = Self { arrived: Arc::default(), ending: Arc::default(), threads: Vec::new() };
        for (from, to, addr, count) in [(left, right, tunnel.far, forth), (right, left, tunnel.near, back)] {
            let at = SocketAddr::from((addr, PORT));
            let listener = to.run(|| TcpListener::bind(at))?.context("cannot listen")?;
            for _ in 0..count {
                let stream = from.run(|| TcpStream::connect(at))?.context("cannot connect")?;
                set_tcp_congestion(&stream, congestion)
                    .with_context(|| format!("this kernel has no congestion control {congestion}"))?;
                let (peer, _) = listener.accept()?;
                let (ending, arrived) = (Arc::clone(&streams.ending), Arc::clone(&streams.arrived));
                streams.threads.push(thread::spawn(move || send(stream, &ending)));
                streams.threads.push(thread::spawn(move || receive(peer, &arrived)));
            }
        }
        Ok(streams)
    }

    /// Bytes read so far.
    fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    fn end(self) -> Result<()> {
        self.ending.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a stream's thread panicked"))??;
        }
        Ok(())
    }
}

fn send(mut stream: TcpStream, ending: &AtomicBool) -> Result<()> {
    let chunk = vec![0x55; CHUNK];
    while !ending.load(Ordering::Relaxed) {
        stream.write_all(&chunk).context("cannot send")?;
    }
    Ok(())
}

fn receive(mut stream: TcpStream, arrived: &AtomicU64) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match stream.read(&mut buffer).context("the connection broke")? {
            0 => return Ok(()),
            read => arrived.fetch_add(read as u64, Ordering::Relaxed),
        };
    }
}

const PORT: u16 = 9;
/// As iperf3 has it.
const CHUNK: usize = 128 << 10;
/// Until a stream has found its speed.
const WARM_UP: Duration = Duration::from_millis(500);
/// Between two echo requests.
const PAUSE: Duration = Duration::from_millis(2);
/// How long a receiver waits before it looks at the clock.
const QUIET: Duration = Duration::from_millis(100);
