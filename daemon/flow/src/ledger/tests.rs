use proptest::prelude::*;
use zerocopy::{FromZeros, IntoBytes};

use super::*;

const NETNS: u32 = 4_026_531_840;

fn event(hook: Hook, sequence: u64) -> PacketEvent {
    let mut event = PacketEvent::new_zeroed();
    event.version = ABI_VERSION;
    event.kind = PacketEvent::KIND;
    event.hook = hook.number();
    event.netns = NETNS;
    event.sequence = sequence;
    event
}

fn counters(produced: u64, lost_full: u64) -> HookCounters {
    HookCounters { produced, lost_full, ..HookCounters::default() }
}

#[test]
fn what_is_delivered_and_lost_is_what_was_produced() {
    let mut ledger = Ledger::new();
    ledger.begin(NETNS, &[(0, Hook::TapIn, counters(10, 3)), (1, Hook::TapIn, counters(0, 0))]);
    assert_eq!(ledger.deliver(0, &event(Hook::TapIn, 10)), Arrival::InOrder);
    assert_eq!(ledger.deliver(0, &event(Hook::TapIn, 13)), Arrival::After(2));
    ledger.read(NETNS, &[(0, Hook::TapIn, counters(14, 5)), (1, Hook::TapIn, counters(0, 0))]);
    let balance = ledger.balance();
    assert!(balance.is_exact(), "{balance:?}");
    let columns = balance.total;
    assert_eq!((columns.produced, columns.delivered, columns.lost()), (4, 2, 2));
    assert_eq!((columns.gaps, columns.missing), (1, 2));
}

#[test]
fn events_in_flight_are_named_by_row_until_they_arrive() {
    let mut ledger = Ledger::new();
    ledger.begin(NETNS, &[]);
    ledger.read(NETNS, &[(0, Hook::ToNetdev, counters(2, 0)), (1, Hook::ToNetdev, counters(1, 1))]);
    let balance = ledger.balance();
    assert_eq!(balance.off.len(), 1);
    assert_eq!(
        balance.off[0].to_string(),
        "netns 4026531840 cpu 0 to-netdev: produced 2, delivered 0, lost 0: off by 2"
    );
    ledger.deliver(0, &event(Hook::ToNetdev, 0));
    ledger.deliver(0, &event(Hook::ToNetdev, 1));
    assert!(ledger.balance().is_exact());
    // older counters than events: off the other way
    ledger.deliver(0, &event(Hook::ToNetdev, 2));
    assert_eq!(ledger.balance().off[0].columns.difference(), -1);
}

#[test]
fn counters_wrap_around() {
    let mut ledger = Ledger::new();
    ledger.begin(NETNS, &[(0, Hook::TapOut, counters(u64::MAX - 1, u64::MAX))]);
    for sequence in [u64::MAX - 1, u64::MAX, 1] {
        ledger.deliver(0, &event(Hook::TapOut, sequence));
    }
    ledger.read(NETNS, &[(0, Hook::TapOut, counters(2, 0))]);
    let columns = ledger.total();
    assert_eq!((columns.produced, columns.delivered, columns.lost_full, columns.missing), (4, 3, 1, 1));
    assert!(ledger.balance().is_exact());
}

#[test]
fn a_late_event_fills_its_gap() {
    let mut ledger = Ledger::new();
    for sequence in [0, 2, 1] {
        ledger.deliver(0, &event(Hook::ToHost, sequence));
    }
    ledger.read(NETNS, &[(0, Hook::ToHost, counters(3, 0))]);
    let columns = ledger.total();
    assert_eq!((columns.gaps, columns.missing, columns.reordered), (1, 0, 1));
    assert!(ledger.balance().is_exact());
}

#[test]
fn a_new_epoch_starts_from_its_own_counters_and_keeps_the_sums() {
    let mut ledger = Ledger::new();
    ledger.begin(NETNS, &[(0, Hook::ToHost, counters(0, 0))]);
    ledger.deliver(0, &event(Hook::ToHost, 0));
    ledger.read(NETNS, &[(0, Hook::ToHost, counters(3, 2))]);
    ledger.ring_lost(0, 2);
    ledger.begin(NETNS, &[(0, Hook::ToHost, counters(0, 0))]);
    assert_eq!(ledger.deliver(0, &event(Hook::ToHost, 0)), Arrival::InOrder);
    ledger.read(NETNS, &[(0, Hook::ToHost, counters(1, 0))]);
    let balance = ledger.balance();
    assert!(balance.is_exact());
    assert_eq!((balance.total.produced, balance.total.lost_full, ledger.epoch(NETNS)), (4, 2, 2));
    assert_eq!(balance.rings, [RingCheck { cpu: 0, lost_records: 2, lost_full: 2 }]);
}

#[test]
fn records_that_cannot_be_read_are_counted_where_they_belong() {
    let mut ledger = Ledger::new();
    let mut broken = event(Hook::TapIn, 0);
    broken.captured = 100;
    ledger.undecodable(0, broken.as_bytes());
    ledger.read(NETNS, &[(0, Hook::TapIn, counters(1, 0))]);
    assert_eq!(ledger.total().undecodable, 1);
    assert!(ledger.balance().is_exact());
    ledger.undecodable(0, &[1, 2, 3]);
    assert!(!ledger.balance().is_exact());
    assert_eq!(ledger.balance().unattributed, 1);
}

#[test]
fn a_ring_that_lost_more_than_the_programs_know_disagrees() {
    let mut ledger = Ledger::new();
    ledger.read(NETNS, &[(3, Hook::TapIn, counters(5, 5))]);
    ledger.ring_lost(3, 4);
    assert!(ledger.balance().rings[0].agrees());
    ledger.ring_lost(3, 2);
    assert!(!ledger.balance().rings[0].agrees());
}

proptest! {
    #[test]
    fn any_loss_pattern_balances(start in any::<u64>(), fates in prop::collection::vec(any::<bool>(), 0..200)) {
        let mut ledger = Ledger::new();
        ledger.begin(NETNS, &[(0, Hook::TapIn, counters(start, 0))]);
        let mut now = counters(start, 0);
        for arrives in &fates {
            if *arrives {
                ledger.deliver(0, &event(Hook::TapIn, now.produced));
            } else {
                now.lost_full += 1;
            }
            now.produced = now.produced.wrapping_add(1);
        }
        ledger.read(NETNS, &[(0, Hook::TapIn, now)]);
        prop_assert!(ledger.balance().is_exact());
        let trailing = fates.iter().rev().take_while(|arrives| !**arrives).count() as u64;
        prop_assert_eq!(ledger.total().missing, now.lost_full - trailing);
    }
}
