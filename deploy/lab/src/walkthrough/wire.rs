//! What left a node and what came to it, as its `eth0` has it.

use std::net::Ipv4Addr;

use wgtrace_wire::wireguard::{Message, TAG_LEN};
use wgtrace_wire::{Arp, EtherType, Ethernet, Ipv4, Protocol, Udp};

use crate::show::Packets;
use crate::{Frame, Recording};

/// A capture of `eth0`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wire {
    /// Messages with data inside, by their sender.
    pub data: Vec<(Ipv4Addr, Data)>,
    /// Messages of handshakes.
    pub handshakes: usize,
    /// Messages with nothing inside.
    pub keepalives: usize,
    /// Frames that are about link-layer addresses.
    pub resolution: usize,
    /// What was readable and should not have been, as tcpdump prints it.
    pub readable: Vec<String>,
    /// Anything else, as tcpdump prints it.
    pub others: Vec<String>,
}

/// A message with data inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data {
    /// The session, by the number that the receiver knows it by.
    pub receiver: u32,
    /// The message's number in it.
    pub counter: u64,
}

impl Wire {
    /// Takes a capture apart.
    pub fn of(recording: &Recording) -> Self {
        let mut wire = Self::default();
        let lines = Packets::lines(recording);
        for (frame, line) in recording.frames.iter().zip(lines) {
            wire.frame(frame, line);
        }
        wire
    }

    /// How many messages with data a node sent.
    pub fn data_from(&self, node: Ipv4Addr) -> usize {
        self.data.iter().filter(|(from, _)| *from == node).count()
    }

    fn frame(&mut self, frame: &Frame, line: String) {
        let Ok(ethernet) = Ethernet::parse(&frame.bytes) else { return self.others.push(line) };
        if ethernet.ethertype() == EtherType::ARP {
            let pods = Arp::parse(ethernet.payload()).ok().and_then(|arp| arp.ethernet_ipv4());
            match pods.filter(|arp| is_pods(arp.sender) || is_pods(arp.target)) {
                Some(_) => self.readable.push(line),
                None => self.resolution += 1,
            }
            return;
        }
        let Ok(ip) = Ipv4::parse(ethernet.payload()) else { return self.others.push(line) };
        let is_told =
            is_pods(ip.src()) || is_pods(ip.dst()) || TELLTALES.iter().any(|text| holds(&frame.bytes, text));
        if is_told {
            return self.readable.push(line);
        }
        match message(&ip) {
            Some(Message::TransportData(data)) if data.sealed.len() == TAG_LEN => self.keepalives += 1,
            Some(Message::TransportData(data)) => {
                let (receiver, counter) = (data.header.receiver.get(), data.header.counter.get());
                self.data.push((ip.src(), Data { receiver, counter }));
            }
            Some(Message::Initiation(_) | Message::Response(_) | Message::CookieReply(_)) => {
                self.handshakes += 1;
            }
            None => self.others.push(line),
        }
    }
}

/// WireGuard's, between the nodes' ports.
fn message<'a>(ip: &Ipv4<'a>) -> Option<Message<'a>> {
    let udp = (ip.protocol() == Protocol::UDP).then(|| Udp::parse(ip.payload()).ok())??;
    (udp.src_port() == PORT && udp.dst_port() == PORT).then(|| Message::parse(udp.payload()).ok())?
}

/// Whether it is of the pool that pods have their addresses from.
pub fn is_pods(address: Ipv4Addr) -> bool {
    address.octets().first() == Some(&10)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What the pods' programs say.
const TELLTALES: [&str; 2] = ["HTTP/1.", "PodName"];
const PORT: u16 = 51871;

#[cfg(test)]
mod tests;
