//! Packets for the kernel, put together.

mod candidate;

use std::io::IoSlice;
use std::ops::Range;

use zerocopy::{FromBytes as _, IntoBytes as _};

use super::headers::{Ipv4Header, Ipv6Header, Network, TcpHeader, UdpHeader};
use super::vnet::{Gso, VnetHeader};
use candidate::Candidate;

/// Gathers the packets of one batch into super-packets, each of one flow and in the flow's order.
///
/// Packets stay where they are, in a buffer that the caller owns; they are named by their ranges in
/// it. Only packets that taking apart would restore are put together: same headers, consecutive,
/// same size but for the last, checksums that hold.
#[derive(Debug)]
pub struct Coalescer {
    groups: Vec<Group>,
    /// The first of a group and all that joined it, each with the place of the next.
    members: Vec<Member>,
    /// Groups that may still grow, the newest last.
    open: Vec<usize>,
    udp: bool,
}

#[derive(Debug)]
struct Group {
    head: Range<usize>,
    candidate: Option<Candidate>,
    /// Sequence number that a further segment would have.
    next_seq: u32,
    /// Bytes of payload.
    payload: usize,
    count: u16,
    /// Flags that only the last of its segments had.
    flags: u8,
    /// Whether the first packet's checksums were found to be right.
    verified: bool,
    first_member: Option<usize>,
    last_member: Option<usize>,
}

#[derive(Debug)]
struct Member {
    payload: Range<usize>,
    next: Option<usize>,
}

impl Coalescer {
    /// Room for `packets` in a batch without allocation; `udp` if the device takes UDP super-packets.
    pub fn new(packets: usize, udp: bool) -> Self {
        Self {
            groups: Vec::with_capacity(packets),
            members: Vec::with_capacity(packets),
            open: Vec::with_capacity(OPEN + 1),
            udp,
        }
    }

    /// Adds the IP packet at `range` of `buffer`, whose length is that of its header.
    pub fn push(&mut self, buffer: &[u8], range: Range<usize>) {
        let packet = buffer.get(range.clone()).unwrap_or_default();
        let candidate = Candidate::of(packet).filter(|candidate| self.udp || candidate.gso != Gso::Udp);
        if let Some(new) = &candidate {
            let same_flow = |&at: &usize| {
                let group = self.groups.get(at)?;
                let head = buffer.get(group.head.clone())?;
                group.candidate.as_ref()?.is_same_flow(head, new, packet).then_some(at)
            };
            if let Some(at) = self.open.iter().rev().find_map(same_flow) {
                if self.join(buffer, at, new, range.start) {
                    return;
                }
                self.open.retain(|open| *open != at);
            }
            if new.may_lead() {
                if self.open.len() >= OPEN {
                    self.open.remove(0);
                }
                self.open.push(self.groups.len());
            }
        }
        self.groups.push(Group {
            head: range,
            next_seq: candidate.as_ref().map_or(0, Candidate::next_seq),
            payload: candidate.as_ref().map_or(0, |candidate| candidate.payload),
            candidate,
            count: 1,
            flags: 0,
            verified: false,
            first_member: None,
            last_member: None,
        });
    }

    /// Hands out what was gathered: for each super-packet, or packet, the parts to be written as one.
    ///
    /// The buffer is the one that [`Coalescer::push`] was shown; headers in it are changed.
    pub fn flush(&mut self, buffer: &mut [u8], mut write: impl FnMut(&[IoSlice<'_>])) {
        for group in &self.groups {
            let header = group.finish(buffer);
            let mut parts = [IoSlice::new(&[]); 2 + MOST_SEGMENTS];
            let slices = [header.as_bytes(), buffer.get(group.head.clone()).unwrap_or_default()];
            let mut members = group.first_member;
            let payloads = std::iter::from_fn(|| {
                let member = self.members.get(members?)?;
                members = member.next;
                buffer.get(member.payload.clone())
            });
            let mut used = 0;
            for (part, slice) in parts.iter_mut().zip(slices.into_iter().chain(payloads)) {
                *part = IoSlice::new(slice);
                used += 1;
            }
            write(parts.get(..used).unwrap_or_default());
        }
        self.groups.clear();
        self.members.clear();
        self.open.clear();
    }

    /// Adds a packet to the group of its flow, if it continues it.
    fn join(&mut self, buffer: &[u8], at: usize, new: &Candidate, start: usize) -> bool {
        let Some(group) = self.groups.get_mut(at) else { return false };
        let Some(lead) = &group.candidate else { return false };
        let head = buffer.get(group.head.clone()).unwrap_or_default();
        let packet = buffer.get(start..start + new.headers + new.payload).unwrap_or_default();
        let continues = new.seq == group.next_seq
            && new.payload > 0
            && new.payload <= lead.payload
            && usize::from(group.count) < MOST_SEGMENTS
            && lead.headers + group.payload + new.payload <= MOST_BYTES
            && lead.is_same_but_for_place(head, new, packet, group.count);
        if !continues {
            return false;
        }
        if !group.verified && !lead.is_intact(head) {
            return false;
        }
        group.verified = true;
        if !new.is_intact(packet) {
            return false;
        }
        let place = self.members.len();
        let payload = start + new.headers..start + new.headers + new.payload;
        self.members.push(Member { payload, next: None });
        if let Some(last) = group.last_member.and_then(|last| self.members.get_mut(last)) {
            last.next = Some(place);
        }
        group.first_member = group.first_member.or(Some(place));
        group.last_member = Some(place);
        group.count += 1;
        group.payload += new.payload;
        group.next_seq = new.next_seq();
        group.flags = new.flags & TcpHeader::PSH;
        if new.payload < lead.payload || new.flags & TcpHeader::PSH != 0 {
            self.open.retain(|open| *open != at);
        }
        true
    }
}

impl Group {
    /// Makes the first packet's headers those of the whole.
    fn finish(&self, buffer: &mut [u8]) -> VnetHeader {
        let (Some(lead), true) = (&self.candidate, self.count > 1) else { return VnetHeader::default() };
        let transport_at = lead.transport;
        let len = lead.headers - transport_at + self.payload;
        let head = buffer.get_mut(self.head.clone()).unwrap_or_default();
        let Some((network, transport)) = head.split_at_mut_checked(transport_at) else {
            return VnetHeader::default();
        };
        set_len(network, short(len));
        let Ok(view) = Network::parse(network) else { return VnetHeader::default() };
        let partial = view.pseudo(lead.gso.protocol(), short(len)).fold();
        match lead.gso {
            Gso::Tcp4 | Gso::Tcp6 => {
                if let Ok((header, _)) = TcpHeader::mut_from_prefix(transport) {
                    header.flags |= self.flags;
                    header.checksum = partial;
                }
            }
            Gso::Udp => {
                if let Ok((header, _)) = UdpHeader::mut_from_prefix(transport) {
                    header.len = short(len).into();
                    header.checksum = partial;
                }
            }
        }
        VnetHeader::of(lead.gso, short(lead.headers), short(lead.payload), short(transport_at))
    }
}

/// Sets the length in a network header that is followed by `len` bytes.
fn set_len(network: &mut [u8], len: u16) {
    if network.len() == Ipv6Header::LEN {
        if let Ok((header, _)) = Ipv6Header::mut_from_prefix(network) {
            header.payload_len = len.into();
        }
    } else if let Ok((header, _)) = Ipv4Header::mut_from_prefix(network) {
        let total = header.header_len() + usize::from(len);
        header.total_len = short(total).into();
        header.checksum = [0; 2];
        let checksum = super::checksum::Sum::default().add(header.as_bytes()).finish();
        header.checksum = checksum;
    }
}

/// No sum of lengths exceeds [`MOST_BYTES`].
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

/// Flows put together at one time; beyond it the longest waiting is left as it is.
const OPEN: usize = 16;
/// Segments of a super-packet. The kernel takes 128 of UDP (linux: include/linux/udp.h).
const MOST_SEGMENTS: usize = 64;
/// Length of a super-packet, which an IPv4 header must be able to tell.
const MOST_BYTES: usize = 65535;
