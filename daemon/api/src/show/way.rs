use wgtrace_abi::Hook;
use wgtrace_flow::table::HookCount;

/// Puts hops in the order in which a packet passes them, the initiator's way first.
///
/// Who begins to watch sees packets that are half-way, so first sight alone would begin such a way in its middle. The
/// datapath's stages are always passed in one order; within a stage it is that of first sight.
pub(super) fn order(hops: &mut [HookCount]) {
    hops.sort_by_key(|hop| (hop.forward.packets == 0, stage(hop.place.hook), hop.first));
}

/// How far a packet is in the node.
fn stage(hook: Hook) -> u8 {
    match hook {
        // packet sockets are in front of tc as packets enter
        Hook::TapIn => 0,
        Hook::FromNetdev | Hook::FromContainer => 1,
        Hook::FromWireguard => 2,
        Hook::FromHost | Hook::ToHost => 3,
        Hook::ToWireguard => 4,
        Hook::ToContainer | Hook::ToNetdev => 5,
        // and behind it as they leave
        Hook::TapOut => 6,
    }
}

#[cfg(test)]
mod tests {
    use wgtrace_flow::table::{Count, Guise, Place};

    use super::*;

    #[test]
    fn a_way_is_whole_wherever_its_first_packet_was() {
        use Hook::{FromContainer, FromWireguard, TapIn, TapOut, ToContainer, ToWireguard};
        let forth = [FromContainer, ToWireguard, TapOut];
        let back = [TapIn, FromWireguard, ToContainer];
        let whole = [forth, back].concat();
        for begin in 0..whole.len() {
            let mut hops: Vec<HookCount> = (0_u64..)
                .zip(whole[begin..].iter().chain(&whole[..begin]))
                .map(|(first, hook)| hop(*hook, forth.contains(hook), first))
                .collect();
            order(&mut hops);
            let way: Vec<Hook> = hops.iter().map(|hop| hop.place.hook).collect();
            assert_eq!(way, whole, "from {begin} on");
        }
    }

    #[test]
    fn hops_of_one_stage_are_as_they_were_first_seen() {
        let mut hops =
            [hop(Hook::FromHost, true, 9), hop(Hook::ToHost, true, 7), hop(Hook::ToContainer, true, 3)];
        order(&mut hops);
        assert_eq!(hops.map(|hop| hop.first), [7, 9, 3]);
    }

    fn hop(hook: Hook, is_forward: bool, first: u64) -> HookCount {
        let some = Count { packets: 1, frames: 1, bytes: 100 };
        let (forward, backward) =
            if is_forward { (some, Count::default()) } else { (Count::default(), some) };
        let place = Place { netns: 1, ifindex: 2, hook, guise: Guise::Plain };
        HookCount { place, forward, backward, first, last: first }
    }
}
