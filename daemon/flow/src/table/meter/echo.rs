use wgtrace_wire::icmp::Echo;

use super::{Sight, elapsed, stamp};
use crate::table::bits::Phase;
use crate::table::entry::Entry;

/// The newest request waits for its reply, at the interface where requests are metered; a reply to an older one
/// is not timed.
pub(super) fn follow(entry: &mut Entry, sight: &Sight<'_>, is_reply: bool, echo: Echo) {
    let [sequence, _] = &mut entry.next;
    if is_reply {
        let is_awaited = *sequence == u32::from(echo.sequence) && entry.bits.phase() == Phase::Asked;
        if is_awaited && sight.answers(entry) {
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
            *sequence = u32::from(echo.sequence);
            entry.bits.set_phase(Phase::Asked);
        }
    }
}
