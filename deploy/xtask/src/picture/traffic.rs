//! What pods and nodes say to each other in the picture.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use wgtrace_lab::{Lab, http, ping};

/// Pings, requests, names that are asked for and a stream, between pods of all nodes, until it is over.
pub(super) fn run(lab: &Lab, over: &AtomicBool) -> Result<()> {
    let pod = lab.pod("net")?;
    let [far, near] = [lab.pod("cni-7n2f9")?, lab.pod("cni-vk8fx")?];
    let control = lab.node("cilium-wireguard-control-plane")?;
    let service: SocketAddr = SERVICE.parse()?;
    let listener = far.run(|| TcpListener::bind((far.address(), STREAM)))??;
    let mut stream = pod.run(|| TcpStream::connect((far.address(), STREAM)))??;
    let (mut sink, _) = listener.accept().context("nobody streams")?;
    // it ends with the stream
    std::thread::spawn(move || std::io::copy(&mut sink, &mut std::io::sink()));
    let asked = far.run(|| UdpSocket::bind((far.address(), NAMES)))??;
    asked.set_read_timeout(Some(PATIENCE))?;
    let asking = pod.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))??;
    asking.connect((far.address(), NAMES))?;
    for round in 0_u32.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        stream.write_all(&[0x55; 48 << 10]).context("the stream is over")?;
        asking.send(&[0x2a; 41])?;
        let (_, from) = asked.recv_from(&mut [0; 512]).context("nothing was asked")?;
        asked.send_to(&[0x2a; 57], from)?;
        for to in [far.address(), near.address(), control.address()] {
            pod.run(|| ping(to, 1))??;
        }
        if round.is_multiple_of(SELDOM) {
            pod.run(|| http::get(service))??;
            control.run(|| http::get((far.address(), 80).into()))??;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

const SERVICE: &str = "10.96.142.173:80";
const STREAM: u16 = 5201;
const NAMES: u16 = 53;
/// Rounds between two requests.
const SELDOM: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
