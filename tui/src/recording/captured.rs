//! A capture, told as daemons would have told of its frames.

mod comment;
mod inside;
mod names;
mod node;
mod place;
mod record;

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use wgtrace_api::v1::Told;
use wgtrace_api::v1::told::What;
use wgtrace_decrypt::capture::{Chunk, Error, Frame, Reader};
use wgtrace_decrypt::dissect::Dissector;

pub(crate) use self::inside::Inside;
use self::node::{Node, Seen};
use self::place::Place;

/// A capture that is read.
pub(crate) struct Captured {
    reader: Reader<Box<dyn Read + Send>>,
    chunk: Chunk,
    /// The next frame of the chunk.
    next: usize,
    /// The file's interfaces.
    places: Vec<Place>,
    nodes: Vec<Node>,
    inside: Option<Inside>,
    name: String,
    ready: VecDeque<Told>,
    /// The latest time of a frame.
    clock: i64,
    /// When packets and flows were told last.
    told: [i64; 2],
    unread: u64,
    is_over: bool,
}

impl Captured {
    /// Begins one.
    ///
    /// # Errors
    /// When it is no capture, or cannot be read.
    pub(super) fn open(
        input: Box<dyn Read + Send>,
        inside: Option<Inside>,
        path: &Path,
    ) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self {
            reader: Reader::new(input)?,
            chunk: Chunk::default(),
            next: 0,
            places: Vec::new(),
            nodes: Vec::new(),
            inside,
            name,
            ready: VecDeque::new(),
            clock: i64::MIN,
            told: [i64::MIN; 2],
            unread: 0,
            is_over: false,
        })
    }

    /// The next message; `None` at the end.
    pub(super) fn read(&mut self) -> Result<Option<Told>> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Ok(Some(told));
            }
            if self.is_over {
                return Ok(None);
            }
            self.step()?;
        }
    }

    /// What is wrong with it, if something is.
    pub(super) fn fault(&self) -> Option<String> {
        let mut faults = self.reader.notes().warnings();
        if self.unread > 0 {
            faults.push(format!("{} frames of a kind that is not read here", self.unread));
        }
        faults.extend(self.inside.iter().filter_map(Inside::faults));
        (!faults.is_empty()).then(|| format!("the capture is over: {}", faults.join("; ")))
    }

    fn step(&mut self) -> Result<()> {
        let Some(frame) = self.chunk.frames.get(self.next).cloned() else {
            self.next = 0;
            if !self.reader.fill(&mut self.chunk)? {
                self.is_over = true;
                self.tell_packets();
                self.tell_flows();
            }
            return Ok(());
        };
        self.next = self.next.saturating_add(1);
        let clock = self.clock.max(frame.time.0);
        let [packets, flows] = self.told;
        if clock.saturating_sub(packets) >= PACKETS {
            self.tell_packets();
            self.told = [clock, flows];
        }
        if clock.saturating_sub(flows) >= FLOWS {
            self.tell_flows();
            self.told = [clock, clock];
        }
        self.clock = clock;
        self.meet();
        self.frame(&frame)
    }

    /// Places and nodes for interfaces that were described since.
    fn meet(&mut self) {
        for interface in self.reader.interfaces().iter().skip(self.places.len()) {
            let number = self.places.len();
            let (node, mut place) = Place::of(interface, number, &self.name);
            let known = self.nodes.iter().position(|known| known.name() == node);
            let at = known.unwrap_or_else(|| {
                self.nodes.push(Node::new(node));
                self.nodes.len().saturating_sub(1)
            });
            let Some(node) = self.nodes.get_mut(at) else { continue };
            if known.is_none() {
                let hello = What::Hello(node.hello());
                self.ready.push_back(Told {
                    from: node.name().to_owned(),
                    time: self.clock,
                    what: Some(hello),
                });
            }
            node.meet(&place);
            let interfaces = What::Interfaces(node.interfaces());
            self.ready.push_back(Told {
                from: node.name().to_owned(),
                time: self.clock,
                what: Some(interfaces),
            });
            place.node = at;
            self.places.push(place);
        }
    }

    fn frame(&mut self, frame: &Frame) -> Result<()> {
        let at = usize::try_from(frame.interface).unwrap_or(usize::MAX);
        let (Some(interface), Some(place)) = (self.reader.interfaces().get(at), self.places.get_mut(at))
        else {
            return Ok(());
        };
        let Some(node) = self.nodes.get_mut(place.node) else { return Ok(()) };
        let inside = match &mut self.inside {
            Some(inside) => inside.of(frame.number)?,
            None => Vec::new(),
        };
        let bytes = self.chunk.data(frame);
        let is_ethernet = frame.link == place::ETHERNET;
        let skipped = if is_ethernet { Some(0) } else { Dissector::ip_offset(frame.link, bytes) };
        let seen = Seen {
            time: frame.time.0,
            bytes: skipped.and_then(|skipped| bytes.get(skipped..)),
            is_ethernet,
            len: frame.original_len.saturating_sub(u32::try_from(skipped.unwrap_or(0)).unwrap_or(0)),
            remarks: self.chunk.remarks(frame, interface),
            inside,
        };
        if !node.see(place, &seen) {
            self.unread = self.unread.saturating_add(1);
        }
        if node.is_full() {
            self.tell_packets();
        }
        Ok(())
    }

    fn tell_packets(&mut self) {
        for node in &mut self.nodes {
            if let Some(packets) = node.packets() {
                let (from, time) = (node.name().to_owned(), self.clock);
                self.ready.push_back(Told { from, time, what: Some(What::Packets(packets)) });
            }
        }
    }

    fn tell_flows(&mut self) {
        for node in &mut self.nodes {
            for flows in node.flows(self.clock, &self.places) {
                let from = node.name().to_owned();
                self.ready.push_back(Told { from, time: self.clock, what: Some(What::Flows(flows)) });
            }
        }
    }
}

/// Nanoseconds of the capture between two tellings of packets, and of flows.
const PACKETS: i64 = 20_000_000;
const FLOWS: i64 = 250_000_000;
