//! What really left the nodes, seen twice: by a tap behind tc egress of each `eth0`, and by the bridge's port at the other
//! end of its cable, which sees nothing but what left.

mod sort;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};

pub use self::sort::{Cause, Sort, describe, sort};
use crate::{Capture, Frame, Lab};

/// A watch over all nodes.
#[derive(Debug)]
pub struct Watch {
    points: Vec<Point>,
    needles: Vec<Vec<u8>>,
    seen: Seen,
}

#[derive(Debug)]
struct Point {
    name: String,
    /// Whether what the interface sends is what left; at the bridge's ports it is what they receive.
    is_sender: bool,
    capture: Capture,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Frames by sort, for each node's `eth0` and its port of the bridge.
    pub tallies: BTreeMap<String, BTreeMap<Sort, u64>>,
    /// The first leaks, a line each.
    pub first: Vec<String>,
}

impl Watch {
    /// Starts it: nothing that leaves from now on is missed. `needles` are what payloads are known by.
    ///
    /// # Errors
    /// When an interface cannot be heard.
    pub fn start(lab: &Lab, needles: &[&[u8]]) -> Result<Self> {
        let mut points = Vec::new();
        for node in lab.nodes() {
            let [.., last] = node.address().octets();
            let port = format!("veth{last}");
            let tap = node.run(|| Capture::start("eth0"))??;
            let bridge = lab.lan().run(|| Capture::start(&port))??;
            let name = node.name();
            points.push(Point { name: format!("{name}, eth0"), is_sender: true, capture: tap });
            points.push(Point { name: format!("{name}, {port}"), is_sender: false, capture: bridge });
        }
        let needles = needles.iter().map(|needle| needle.to_vec()).collect();
        Ok(Self { points, needles, seen: Seen::default() })
    }

    /// What was seen so far. Frames are forgotten once they are counted: a watch may last.
    pub fn look(&mut self) -> &Seen {
        for Point { name, is_sender, capture } in &self.points {
            self.seen.count(name, *is_sender, &capture.take(), &self.needles);
        }
        &self.seen
    }

    /// Ends it; what was seen.
    ///
    /// # Errors
    /// When frames were missed.
    pub fn stop(mut self) -> Result<Seen> {
        for Point { name, is_sender, capture } in self.points {
            let recording = capture.stop()?;
            ensure!(recording.lost == 0, "{name}: the watch missed {} frames", recording.lost);
            self.seen.count(&name, is_sender, &recording.frames, &self.needles);
        }
        Ok(self.seen)
    }
}

impl Seen {
    /// Frames for which something holds, at all points.
    pub fn sum(&self, is_counted: impl Fn(&Sort) -> bool) -> u64 {
        let counts = self.tallies.values().flatten().filter(|(sort, _)| is_counted(sort));
        counts.map(|(_, count)| count).sum()
    }

    fn count(&mut self, name: &str, is_sender: bool, frames: &[Frame], needles: &[Vec<u8>]) {
        let tally = self.tallies.entry(name.to_owned()).or_default();
        for frame in frames.iter().filter(|frame| frame.is_outgoing == is_sender) {
            let sort = sort(&frame.bytes, needles);
            *tally.entry(sort).or_default() += 1;
            if let Sort::Leak(cause) = sort
                && self.first.len() < SHOWN
            {
                self.first.push(format!("{:?} {name}: {cause}: {}", frame.time, describe(&frame.bytes)));
            }
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, tally) in &self.tallies {
            let counts: Vec<String> = tally
                .iter()
                .map(|(sort, count)| match sort {
                    Sort::WireGuard => format!("{count} of WireGuard"),
                    Sort::Other => format!("{count} others"),
                    Sort::Leak(cause) => format!("{count} LEAKS ({cause})"),
                })
                .collect();
            write!(out, "\n  {name}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

const SHOWN: usize = 8;
