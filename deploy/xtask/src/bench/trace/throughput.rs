//! What tracing costs the traffic: iperf3 from a pod to a peer, with and without somebody watching.

use std::path::Path as FilePath;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::Args;
use super::others::Watcher;
use super::path::Path;
use crate::bench::median;

/// A way of watching.
#[derive(Debug)]
struct Variant {
    name: &'static str,
    watching: Watching,
    /// Gbit/s of one TCP stream.
    tcp: Vec<f64>,
    /// Thousand datagrams of 64 bytes a second.
    udp: Vec<f64>,
    /// Why it could not be measured.
    refused: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Watching {
    Nobody,
    Wgtraced(&'static [&'static str]),
    Tcpdump,
    Pwru,
}

pub(super) fn run(args: &Args, wgtraced: &FilePath) -> Result<()> {
    let path = Path::new()?;
    let _server = Server::start(&path)?;
    let pwru = args.pwru.as_deref().unwrap_or(FilePath::new("pwru"));
    let mut variants = [
        Variant::new("nobody watching", Watching::Nobody),
        Variant::new("wgtraced trace --flows, 3 hooks", Watching::Wgtraced(&["--flows"])),
        Variant::new("wgtraced trace -w, 3 hooks", Watching::Wgtraced(&["-w", "/dev/null"])),
        Variant::new("wgtraced trace (lines), 3 hooks", Watching::Wgtraced(&[])),
        Variant::new("tcpdump -w, 3 devices", Watching::Tcpdump),
        Variant::new("pwru", Watching::Pwru),
    ];
    for _ in 0..args.runs {
        for variant in &mut variants {
            if variant.refused.is_some() {
                continue;
            }
            match variant.watching.start(wgtraced, pwru, &path) {
                Ok(_watcher) => {
                    variant.tcp.push(tcp(&path, args.seconds)?);
                    variant.udp.push(udp(&path, args.seconds)?);
                }
                Err(error) if matches!(variant.watching, Watching::Pwru) => {
                    variant.refused = Some(format!("{error:#}"));
                }
                Err(error) => return Err(error),
            }
        }
    }
    print(&variants);
    Ok(())
}

impl Variant {
    fn new(name: &'static str, watching: Watching) -> Self {
        Self { name, watching, tcp: Vec::new(), udp: Vec::new(), refused: None }
    }
}

impl Watching {
    fn start(self, wgtraced: &FilePath, pwru: &FilePath, path: &Path) -> Result<Watcher> {
        match self {
            Self::Nobody => Ok(Watcher::nobody()),
            Self::Wgtraced(words) => Watcher::wgtraced(wgtraced, path, words),
            Self::Tcpdump => Watcher::tcpdump(path),
            Self::Pwru => Watcher::pwru(pwru),
        }
    }
}

fn print(variants: &[Variant]) {
    println!("\n**throughput**: iperf3 through pod, node and peer; every packet passes three hooks\n");
    println!("| watched by | TCP, Gbit/s | ratio | UDP, 64 bytes, kpkt/s | ratio |\n|---|---|---|---|---|");
    let alone =
        variants.first().map_or((f64::NAN, f64::NAN), |alone| (median(&alone.tcp), median(&alone.udp)));
    for variant in variants {
        if let Some(why) = &variant.refused {
            println!("| {} | does not run here: {why} | | | |", variant.name);
            continue;
        }
        let (tcp, udp) = (median(&variant.tcp), median(&variant.udp));
        println!("| {} | {tcp:.2} | {:.2} | {udp:.0} | {:.2} |", variant.name, tcp / alone.0, udp / alone.1);
    }
}

/// iperf3's other end, at the peer.
#[derive(Debug)]
struct Server {
    child: Child,
}

impl Server {
    fn start(path: &Path) -> Result<Self> {
        let child = path
            .peer
            .run(|| Command::new("iperf3").arg("-s").stdout(Stdio::null()).stderr(Stdio::null()).spawn())?
            .context("cannot run iperf3 (Debian package iperf3)")?;
        let server = Self { child };
        let deadline = Instant::now() + Duration::from_secs(5);
        while path.pod.run(|| std::net::TcpStream::connect((Path::PEER, 5201)).is_err())? {
            ensure!(Instant::now() < deadline, "iperf3 does not listen at {}", Path::PEER);
            std::thread::yield_now();
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn tcp(path: &Path, seconds: u32) -> Result<f64> {
    let report = iperf3(path, seconds, &[])?;
    Ok(number(&report, "/end/sum_received/bits_per_second")? / 1e9)
}

fn udp(path: &Path, seconds: u32) -> Result<f64> {
    let report = iperf3(path, seconds, &["-u", "-b", "0", "-l", "64"])?;
    Ok(number(&report, "/end/sum/packets")? / number(&report, "/end/sum/seconds")? / 1000.0)
}

/// One client run; the server takes one client at a time and may still be busy with the last.
fn iperf3(path: &Path, seconds: u32, words: &[&str]) -> Result<Value> {
    let deadline = Instant::now() + Duration::from_secs(20) + Duration::from_secs(seconds.into());
    loop {
        let output = path.pod.run(|| {
            let mut command = Command::new("iperf3");
            command.args(["-J", "-c"]).arg(Path::PEER.to_string()).arg("-t").arg(seconds.to_string());
            command.args(words).output()
        })??;
        let report: Value = serde_json::from_slice(&output.stdout).context("iperf3 printed no report")?;
        match report.get("error").and_then(Value::as_str) {
            None => return Ok(report),
            Some(error) if Instant::now() > deadline => bail!("iperf3: {error}"),
            Some(_) => std::thread::yield_now(),
        }
    }
}

fn number(report: &Value, pointer: &str) -> Result<f64> {
    report.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("iperf3 reports no {pointer}"))
}
