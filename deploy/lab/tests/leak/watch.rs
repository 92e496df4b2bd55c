//! What really left the nodes, seen twice: by a tap behind tc egress of each `eth0`, and by the bridge's port at the other
//! end of its cable, which sees nothing but what left.

use std::collections::BTreeMap;
use std::fmt;

use wgtrace_lab::{Capture, Lab};

use crate::canary::Canary;
use crate::sort::{Cause, Sort, describe, sort};

/// A watch over all nodes.
pub(crate) struct Watch {
    points: Vec<Point>,
    canary: Canary,
}

struct Point {
    name: String,
    /// Whether what the interface sends is what left; at the bridge's ports it is what they receive.
    is_sender: bool,
    capture: Capture,
}

/// What was seen.
pub(crate) struct Seen {
    tallies: BTreeMap<String, BTreeMap<Sort, u64>>,
    first: Vec<String>,
}

impl Watch {
    /// Starts it: nothing that leaves from now on is missed.
    pub(crate) fn start(lab: &Lab, canary: &Canary) -> Self {
        let mut points = Vec::new();
        for node in lab.nodes() {
            let [.., last] = node.address().octets();
            let port = format!("veth{last}");
            let tap = node.run(|| Capture::start("eth0")).unwrap().unwrap();
            let bridge = lab.lan().run(|| Capture::start(&port)).unwrap().unwrap();
            let name = node.name();
            points.push(Point { name: format!("{name}, eth0"), is_sender: true, capture: tap });
            points.push(Point { name: format!("{name}, {port}"), is_sender: false, capture: bridge });
        }
        Self { points, canary: canary.clone() }
    }

    /// Ends it; what was seen.
    pub(crate) fn stop(self) -> Seen {
        let needles = self.canary.needles();
        let mut seen = Seen { tallies: BTreeMap::new(), first: Vec::new() };
        for Point { name, is_sender, capture } in self.points {
            let recording = capture.stop().unwrap();
            assert_eq!(recording.lost, 0, "{name}: the watch missed frames");
            let mut tally = BTreeMap::new();
            for frame in recording.frames.iter().filter(|frame| frame.is_outgoing == is_sender) {
                let sort = sort(&frame.bytes, &needles);
                *tally.entry(sort).or_default() += 1;
                if let Sort::Leak(cause) = sort
                    && seen.first.len() < SHOWN
                {
                    seen.first.push(format!("{:?} {name}: {cause}: {}", frame.time, describe(&frame.bytes)));
                }
            }
            seen.tallies.insert(name, tally);
        }
        seen
    }
}

impl Seen {
    /// Nothing has leaked, and the watch was not blind: both workers sent WireGuard's packets, and both ends of each cable
    /// tell the same of it.
    pub(crate) fn assert_clean(&self, scenario: &str) {
        eprintln!("{scenario}: {self}");
        assert!(
            self.first.is_empty(),
            "{scenario}: plaintext left a node:\n{}\n{self}",
            self.first.join("\n")
        );
        for (name, tally) in self.tallies.iter().filter(|(name, _)| name.contains("worker")) {
            assert!(tally.get(&Sort::WireGuard).is_some_and(|frames| *frames > 0), "{name}: {self}");
        }
    }

    /// The positive control: the watch sees what leaves in plaintext, of each kind and at each point of the workers'.
    pub(crate) fn assert_plaintext_is_seen(&self) {
        eprintln!("without encryption: {self}");
        assert!(self.tallies.values().all(|tally| !tally.contains_key(&Sort::WireGuard)), "{self}");
        for (name, tally) in self.tallies.iter().filter(|(name, _)| name.contains("worker")) {
            for cause in [Cause::Address, Cause::Payload] {
                assert!(
                    tally.get(&Sort::Leak(cause)).is_some_and(|frames| *frames > 0),
                    "{name}: {cause}: {self}"
                );
            }
        }
        assert!(!self.first.is_empty());
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
