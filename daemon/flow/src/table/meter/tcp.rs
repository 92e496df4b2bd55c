use wgtrace_wire::tcp::Flags;

use super::{Sight, elapsed, stamp};
use crate::key::Direction;
use crate::packet::TcpSegment;
use crate::table::bits::Phase;
use crate::table::entry::Entry;
use crate::table::view::TcpState;

/// The state after a flow's first segment.
pub(super) fn first_state(flags: Flags) -> TcpState {
    match () {
        () if flags.contains(Flags::RST) => TcpState::Reset,
        () if flags.contains(SYN_ACK) => TcpState::SynReceived,
        () if flags.contains(Flags::SYN) => TcpState::SynSent,
        () if flags.contains(Flags::FIN) => TcpState::Closing,
        () => TcpState::Established,
    }
}

pub(super) fn follow(entry: &mut Entry, sight: &Sight<'_>, segment: &TcpSegment<'_>, segments: u32) {
    let flags = segment.tcp.flags();
    if flags.contains(SYN_ACK) {
        answered(entry, sight);
    }
    let had_meter = entry.followed(sight.direction).meter();
    if !sight.is_metered(entry) {
        ended_elsewhere(entry, sight.direction, flags);
        return;
    }
    let syn_only = flags.contains(Flags::SYN) && !flags.contains(Flags::ACK);
    let is_new = syn_only && reopens(entry, sight.direction, had_meter.is_some(), segment);
    if is_new {
        restart(entry, sight);
    }
    // At a meter it was not followed at, anything may have passed.
    let is_known = !is_new && had_meter.is_some() && had_meter == sight.slot;
    let again = sequence(entry, sight.direction, is_known, segment, segments);
    if syn_only {
        asked(entry, sight, again);
    } else if !flags.contains(Flags::SYN) && sight.direction == entry.bits.forward() {
        acknowledged(entry, sight);
    }
    let state = next_state(entry, sight.direction, flags);
    entry.bits.set_state(state);
    entry.bits.add_flags(sight.direction, flags);
}

/// An end is believed at any hook: the event of its meter may have been lost, and nothing comes after it.
fn ended_elsewhere(entry: &mut Entry, direction: Direction, flags: Flags) {
    if flags.contains(Flags::FIN) || flags.contains(Flags::RST) {
        let state = next_state(entry, direction, flags);
        entry.bits.set_state(state);
        entry.bits.add_flags(direction, flags);
    }
}

/// Whether a SYN begins another connection between the same ends, and is not one more of the same.
fn reopens(entry: &Entry, direction: Direction, metered: bool, segment: &TcpSegment<'_>) -> bool {
    let is_over = matches!(entry.bits.state(), Some(TcpState::Closed | TcpState::Reset) | None);
    let has_sent = entry.bits.flags(direction).0 != 0;
    // A SYN may carry data, and be sent again without (RFC 7413).
    let sent_since = next_of(entry, direction).wrapping_sub(segment.tcp.sequence());
    let is_same = (1..=u32::from(u16::MAX)).contains(&sent_since);
    is_over || metered && has_sent && !is_same
}

fn restart(entry: &mut Entry, sight: &Sight<'_>) {
    entry.bits.clear_flags();
    entry.bits.set_forward(sight.direction);
    entry.followed_mut(sight.direction.reverse()).set_meter(None);
    entry.bits.set_state(TcpState::SynSent);
    entry.bits.set_phase(Phase::Idle);
    entry.clocks = [0; 2];
}

/// The initiator's SYN: a round trip begins, unless it is one more, whose answer may be to any of them.
fn asked(entry: &mut Entry, sight: &Sight<'_>, again: bool) {
    match entry.bits.phase() {
        Phase::Idle if !again => {
            let [asked, _] = &mut entry.clocks;
            *asked = stamp(sight.time);
            entry.bits.set_forward(sight.direction);
            entry.bits.set_phase(Phase::Asked);
        }
        Phase::Asked => entry.bits.set_phase(Phase::Idle),
        Phase::Idle | Phase::Answered | Phase::Done => {}
    }
}

/// The responder's SYN and ACK, at the interface where the SYN was metered.
fn answered(entry: &mut Entry, sight: &Sight<'_>) {
    if sight.direction == entry.bits.forward() || !sight.answers(entry) {
        return;
    }
    let now = stamp(sight.time);
    let [first, second] = &mut entry.clocks;
    match entry.bits.phase() {
        Phase::Asked => {
            *first = elapsed(*first, now);
            *second = now;
            entry.bits.set_phase(Phase::Answered);
        }
        // One more: its acknowledgment may be to any of them.
        Phase::Answered => {
            *second = 0;
            entry.bits.set_phase(Phase::Done);
        }
        Phase::Idle | Phase::Done => {}
    }
}

/// The initiator's first segment behind its SYN.
fn acknowledged(entry: &mut Entry, sight: &Sight<'_>) {
    if entry.bits.phase() == Phase::Answered {
        let [_, second] = &mut entry.clocks;
        *second = elapsed(*second, stamp(sight.time));
        entry.bits.set_phase(Phase::Done);
    }
}

fn next_state(entry: &Entry, direction: Direction, flags: Flags) -> TcpState {
    let state = entry.bits.state().unwrap_or(TcpState::Established);
    let other_fin = entry.bits.flags(direction.reverse()).contains(Flags::FIN);
    match state {
        _ if flags.contains(Flags::RST) => TcpState::Reset,
        TcpState::Reset | TcpState::Closed => state,
        _ if flags.contains(Flags::FIN) => {
            if other_fin {
                TcpState::Closed
            } else {
                TcpState::Closing
            }
        }
        TcpState::SynSent if flags.contains(SYN_ACK) => TcpState::SynReceived,
        // No SYN behind the first: what is between was not seen.
        TcpState::SynSent | TcpState::SynReceived
            if flags.contains(Flags::ACK)
                && !flags.contains(Flags::SYN)
                && (direction == entry.bits.forward() || state == TcpState::SynSent) =>
        {
            TcpState::Established
        }
        TcpState::SynSent | TcpState::SynReceived | TcpState::Established | TcpState::Closing => state,
    }
}

/// Moves the direction's next sequence number on; whether the segment went back behind it.
fn sequence(
    entry: &mut Entry,
    direction: Direction,
    is_known: bool,
    segment: &TcpSegment<'_>,
    segments: u32,
) -> bool {
    let flags = segment.tcp.flags();
    let control = u32::from(flags.contains(Flags::SYN)).saturating_add(u32::from(flags.contains(Flags::FIN)));
    let start = segment.tcp.sequence();
    let end = start.wrapping_add(segment.payload_len).wrapping_add(control);
    if flags.contains(Flags::RST) {
        return false;
    }
    let next = next_of(entry, direction);
    let behind = next.wrapping_sub(start);
    let ahead = end.wrapping_sub(next);
    let is_far = behind > WINDOW && behind < WINDOW.wrapping_neg();
    if !is_known || is_far || (ahead <= WINDOW && ahead != 0) {
        set_next(entry, direction, end);
    }
    // RFC 9293, 3.8.4: a keepalive repeats the last byte, or none at all
    let is_keepalive = control == 0 && segment.payload_len == 1 && behind == 1;
    let went_back = is_known && !is_far && start != end && behind != 0 && behind <= WINDOW && !is_keepalive;
    if went_back {
        entry.followed_mut(direction).add_retransmitted(segments);
    }
    went_back
}

fn next_of(entry: &Entry, direction: Direction) -> u32 {
    let [up, down] = entry.next;
    match direction {
        Direction::Up => up,
        Direction::Down => down,
    }
}

fn set_next(entry: &mut Entry, direction: Direction, value: u32) {
    let [up, down] = &mut entry.next;
    match direction {
        Direction::Up => *up = value,
        Direction::Down => *down = value,
    }
}

const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
/// Largest window (RFC 7323, 2.3): what is further off belongs to another run of numbers.
const WINDOW: u32 = 1 << 30;
