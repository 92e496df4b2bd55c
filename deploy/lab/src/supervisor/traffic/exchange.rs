//! Who says what to whom.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use wgtrace_testbed::Pinger;

use crate::http;

/// What one pod says again and again.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The pod.
    pub(super) from: &'static str,
    /// Between an answer and the next word.
    pub(super) pause: Duration,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// An echo request.
    Ping(Ipv4Addr),
    /// A request on a connection of its own, to one after the other.
    Request(&'static [SocketAddrV4]),
    /// Some bytes more on a connection that stays, and as many back.
    Stream(SocketAddrV4),
}

/// All of it: across nodes and within one, to the service by its own address and by those of the nodes.
pub(super) fn all() -> [Exchange; 6] {
    let exchange = |from, pause, what| Exchange { from, pause, what };
    [
        exchange(NET, Duration::from_secs(1), What::Ping(FAR)),
        exchange(NET, Duration::from_secs(2), What::Ping(NEAR)),
        exchange(NET, Duration::from_secs(1), What::Request(&CLUSTER_IP)),
        exchange(NET, Duration::from_secs(2), What::Request(&NODE_PORTS)),
        exchange(REMOTE, Duration::from_secs(2), What::Request(&CLUSTER_IP)),
        exchange(NET, Duration::from_millis(250), What::Stream(ECHO)),
    ]
}

impl Exchange {
    /// `net pings 10.0.2.194`
    pub(super) fn name(&self) -> String {
        let from = self.from;
        match &self.what {
            What::Ping(to) => format!("{from} pings {to}"),
            What::Request(at) => {
                let at: Vec<String> = at.iter().map(ToString::to_string).collect();
                format!("{from} asks {}", at.join(", "))
            }
            What::Stream(to) => format!("{from} streams to {to}"),
        }
    }

    /// What sends once and waits for the answer. Sockets are those of the thread that calls it.
    pub(super) fn turns(&self) -> Box<dyn FnMut() -> Result<()>> {
        match self.what.clone() {
            What::Ping(to) => pings(to),
            What::Request(at) => requests(at),
            What::Stream(to) => stream(to),
        }
    }
}

fn pings(to: Ipv4Addr) -> Box<dyn FnMut() -> Result<()>> {
    let mut pinger = None;
    Box::new(move || {
        let pinger = match &mut pinger {
            Some(pinger) => pinger,
            none => none.insert(Pinger::new(to, PAYLOAD)?),
        };
        pinger.round_trip()?.map(drop).with_context(|| format!("no answer from {to}"))
    })
}

fn requests(at: &'static [SocketAddrV4]) -> Box<dyn FnMut() -> Result<()>> {
    let mut next = at.iter().cycle();
    Box::new(move || {
        let Some(at) = next.next() else { bail!("nobody to ask") };
        let answer = http::get((*at).into())?;
        ensure!(answer.status == 200, "{at} answers {}", answer.status);
        Ok(())
    })
}

fn stream(to: SocketAddrV4) -> Box<dyn FnMut() -> Result<()>> {
    let mut connected: Option<TcpStream> = None;
    Box::new(move || {
        // one that breaks is not kept
        let mut stream = match connected.take() {
            Some(stream) => stream,
            None => connect(to).with_context(|| format!("cannot connect to {to}"))?,
        };
        let mut echoed = [0; WORD.len()];
        stream.write_all(WORD).and_then(|()| stream.read_exact(&mut echoed)).context("the stream broke")?;
        connected = Some(stream);
        Ok(())
    })
}

fn connect(to: SocketAddrV4) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to.into(), CONNECTING)?;
    stream.set_read_timeout(Some(STREAMING))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The pod that the document asks from.
const NET: &str = "net";
const REMOTE: &str = "cni-7n2f9";
const FAR: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 194);
const NEAR: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 54);
/// Of `REMOTE`; no port of anything else.
pub(super) const ECHO: SocketAddrV4 = SocketAddrV4::new(FAR, 9000);
const CLUSTER_IP: [SocketAddrV4; 1] = [SocketAddrV4::new(Ipv4Addr::new(10, 96, 142, 173), 80)];
const NODE_PORTS: [SocketAddrV4; 3] = [
    SocketAddrV4::new(Ipv4Addr::new(172, 18, 0, 2), NODE_PORT),
    SocketAddrV4::new(Ipv4Addr::new(172, 18, 0, 3), NODE_PORT),
    SocketAddrV4::new(Ipv4Addr::new(172, 18, 0, 4), NODE_PORT),
];
const NODE_PORT: u16 = 32_000;
/// As ping(8) has it.
const PAYLOAD: usize = 56;
const WORD: &[u8; 256] = &[b'w'; 256];
const CONNECTING: Duration = Duration::from_secs(5);
/// Longer than a daemon is away when it restarts: the stream lives through that.
const STREAMING: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PODS;

    #[test]
    fn they_talk_from_pods_that_there_are_and_to_their_addresses() {
        for exchange in all() {
            assert!(PODS.iter().any(|pod| pod.name == exchange.from), "{exchange:?}");
        }
        let address = |name: &str| PODS.iter().find(|pod| pod.name == name).unwrap().address;
        assert_eq!((address(REMOTE), address("cni-vk8fx")), (FAR, NEAR));
        assert_eq!(all().iter().map(Exchange::name).next().unwrap(), "net pings 10.0.2.194");
    }
}
