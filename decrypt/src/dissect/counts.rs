use std::collections::BTreeMap;

use super::span::Loss;

/// Frames by what became of them: `frames` is the sum of `datagrams` and [`Counts::fruitless`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames seen.
    pub frames: u64,
    /// Frames that yielded a datagram.
    pub datagrams: u64,
    /// Frames of a link type that is not read, by its number.
    pub unsupported_link: BTreeMap<u16, u64>,
    /// Frames that carry neither IPv4 nor IPv6.
    pub not_ip: u64,
    /// IP packets that carry neither UDP nor a tunnel that is descended.
    pub not_udp: u64,
    /// Frames whose headers contradict themselves or end too early.
    pub malformed: u64,
    /// Frames that the capture cut within the headers.
    pub truncated: u64,
    /// Frames with more nested tunnels or headers than are followed.
    pub too_deep: u64,
    /// Fragments and the datagrams they are part of.
    pub fragments: FragmentCounts,
}

/// What became of fragments, and of the datagrams they are part of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Frames whose fragment was put aside until the others come.
    pub held: u64,
    /// Frames whose fragment was there already, byte for byte.
    pub duplicate: u64,
    /// Frames whose fragment overlaps or contradicts another of its datagram.
    pub overlapping: u64,
    /// Datagrams completed, cut ones included.
    pub completed: u64,
    /// Datagrams completed but for bytes that the capture cut off.
    pub completed_cut: u64,
    /// Datagrams dropped because fragments overlapped (RFC 5722).
    pub conflicting: u64,
    /// Incomplete datagrams given up for newer ones: too many, or too many bytes.
    pub evicted: u64,
    /// Incomplete datagrams given up for their age.
    pub expired: u64,
    /// Incomplete datagrams held at this moment.
    pub waiting: u64,
}

impl Counts {
    /// Frames that yielded no datagram.
    pub fn fruitless(&self) -> u64 {
        let fragments = &self.fragments;
        [self.not_ip, self.not_udp, self.malformed, self.truncated, self.too_deep]
            .into_iter()
            .chain([fragments.held, fragments.duplicate, fragments.overlapping])
            .chain(self.unsupported_link.values().copied())
            .fold(0, u64::saturating_add)
    }

    /// One line for each loss an operator should look at; other protocols' frames are not.
    pub fn warnings(&self) -> Vec<String> {
        let fragments = &self.fragments;
        let losses = [
            (self.malformed, "frames have headers that contradict themselves"),
            (self.truncated, "frames were cut by the capture within their headers"),
            (self.too_deep, "frames have more nested headers than are followed"),
            (
                fragments.completed_cut,
                "fragmented datagrams were put together but for bytes that the capture cut",
            ),
            (fragments.conflicting, "fragmented datagrams were dropped: their fragments overlap"),
            (fragments.evicted, "fragmented datagrams were given up to bound memory"),
            (fragments.expired, "fragmented datagrams were given up for their age"),
            (fragments.waiting, "fragmented datagrams are incomplete at the end"),
        ];
        let links = self
            .unsupported_link
            .iter()
            .map(|(link, frames)| format!("{frames} frames have link type {link}, which is not read"));
        let losses =
            losses.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        links.chain(losses).collect()
    }

    pub(super) fn lose(&mut self, loss: Loss) {
        bump(match loss {
            Loss::UnsupportedLink(link) => self.unsupported_link.entry(link.0).or_default(),
            Loss::NotIp => &mut self.not_ip,
            Loss::NotUdp => &mut self.not_udp,
            Loss::Malformed => &mut self.malformed,
            Loss::Truncated => &mut self.truncated,
            Loss::TooDeep => &mut self.too_deep,
        });
    }
}

pub(super) fn bump(count: &mut u64) {
    *count = count.saturating_add(1);
}
