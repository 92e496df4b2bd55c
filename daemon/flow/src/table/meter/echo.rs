use wgtrace_wire::icmp::{Echo, Icmpv4Message, Icmpv6Message};

use super::{Sight, elapsed, stamp};
use crate::packet::Transport;
use crate::table::bits::Phase;
use crate::table::entry::Entry;
use crate::table::places::Places;

/// An echo request or reply.
pub(super) struct Sign {
    pub(super) is_reply: bool,
    sequence: u16,
}

pub(super) fn of(transport: &Transport<'_>) -> Option<Sign> {
    let sign = |is_reply, Echo { sequence, .. }| Some(Sign { is_reply, sequence });
    match transport {
        Transport::Icmpv4(icmp) => match icmp.message() {
            Icmpv4Message::EchoRequest(echo) => sign(false, echo),
            Icmpv4Message::EchoReply(echo) => sign(true, echo),
            _ => None,
        },
        Transport::Icmpv6(icmp) => match icmp.message() {
            Icmpv6Message::EchoRequest(echo) => sign(false, echo),
            Icmpv6Message::EchoReply(echo) => sign(true, echo),
            _ => None,
        },
        _ => None,
    }
}

/// The newest request waits for its reply, at the interface where requests are metered; a reply to an older one
/// is not timed.
pub(super) fn follow(entry: &mut Entry, sight: &Sight<'_>, sign: &Sign, places: &Places) {
    let [sequence, _] = &mut entry.next;
    if sign.is_reply {
        let is_awaited = *sequence == u32::from(sign.sequence) && entry.bits.phase() == Phase::Asked;
        if is_awaited && sight.answers(entry, places) {
            let [asked, rtt] = &mut entry.clocks;
            *rtt = elapsed(*asked, stamp(sight.time));
            entry.bits.set_phase(Phase::Answered);
        }
    } else {
        entry.bits.set_forward(sight.direction);
        if sight.is_metered(entry) {
            let [asked, _] = &mut entry.clocks;
            *asked = stamp(sight.time);
            let [sequence, _] = &mut entry.next;
            *sequence = u32::from(sign.sequence);
            entry.bits.set_phase(Phase::Asked);
        }
    }
}
