use std::time::Duration;

use super::*;
use crate::sample::{echo4, udp4};

const SECOND: u64 = 1_000_000_000;

fn datagram(table: &mut FlowTable, time: u64, port: u16) -> FlowId {
    let event = sample::event(Hook::TapOut, time);
    sample::with(event, &udp4((1, port), (2, 53), &[]), |packet| table.update(packet).unwrap())
}

#[test]
fn a_full_table_evicts_the_closed_first_then_the_longest_silent() {
    let mut table = FlowTable::new(Limits { flows: 3, ..Limits::default() }, 1);
    let first = datagram(&mut table, SECOND, 1);
    let second = datagram(&mut table, 3 * SECOND, 2);
    let reset = segment(&mut table, Hook::TapOut, 5 * SECOND, (CLIENT, SERVER), (1, Flags::RST, 0));
    datagram(&mut table, 7 * SECOND, 1);
    let mark = table.mark();
    datagram(&mut table, 7 * SECOND, 3);
    assert!(table.get(reset).is_none() && table.get(first).is_some() && table.get(second).is_some());
    datagram(&mut table, 7 * SECOND, 4);
    assert!(table.get(second).is_none() && table.get(first).is_some());
    assert_eq!((table.len(), table.counts().evicted, table.counts().created), (3, 2, 5));
    let removed: Vec<_> = table.removed_since(mark).unwrap().map(|gone| (gone.id, gone.cause)).collect();
    assert_eq!(removed, [(reset, Cause::Evicted), (second, Cause::Evicted)]);
}

#[test]
fn silent_flows_expire_by_their_kind() {
    let mut table = table();
    datagram(&mut table, SECOND, 1);
    let echo = sample::event(Hook::TapOut, SECOND);
    sample::with(echo, &echo4(1, 2, false, 7, 1), |packet| table.update(packet));
    let tcp = segment(&mut table, Hook::TapOut, SECOND, (CLIENT, SERVER), (1, Flags::ACK, 0));
    assert_eq!(table.expire(SECOND + 29 * SECOND), 0);
    assert_eq!(table.expire(SECOND + 30 * SECOND), 1);
    assert_eq!(table.expire(SECOND + 180 * SECOND), 1);
    assert!(table.get(tcp).is_some());
    assert_eq!(table.expire(SECOND + 3600 * SECOND), 1);
    assert!(table.is_empty());
    assert_eq!(table.counts().expired, 3);
}

#[test]
fn a_name_is_never_another_flows() {
    let mut table = FlowTable::new(Limits { flows: 1, ..Limits::default() }, 1);
    let first = datagram(&mut table, 1, 1);
    let second = datagram(&mut table, 2, 2);
    assert!(table.get(first).is_none());
    assert_eq!(table.get(second).unwrap().id(), second);
    assert_ne!(first, second);
}

#[test]
fn deltas_hold_what_changed_since_the_mark() {
    let mut table = table();
    let silent = datagram(&mut table, 1, 1);
    let busy = datagram(&mut table, 2, 2);
    let mark = table.mark();
    assert_eq!(table.changed_since(mark).count(), 0);
    datagram(&mut table, 3, 2);
    let new = datagram(&mut table, 3, 3);
    let changed: Vec<_> = table.changed_since(mark).map(|flow| flow.id()).collect();
    assert_eq!(changed, [new, busy]);
    assert!(table.iter().any(|flow| flow.id() == silent));
}

#[test]
fn a_log_of_removals_that_is_too_short_says_so() {
    let mut table = FlowTable::new(Limits { flows: 1, removed: 1, ..Limits::default() }, 1);
    let mark = table.mark();
    datagram(&mut table, 1, 1);
    datagram(&mut table, 2, 2);
    assert_eq!(table.removed_since(mark).unwrap().count(), 1);
    datagram(&mut table, 3, 3);
    assert!(table.removed_since(mark).is_none());
    let mark = table.mark();
    assert_eq!(table.removed_since(mark).unwrap().count(), 0);
}

#[test]
fn a_flow_at_three_hooks_takes_no_more_than_256_bytes() {
    let mut table = FlowTable::new(Limits { tcp: Duration::MAX, ..Limits::default() }, 1);
    // just behind a doubling of the index: the worst
    for number in 0..60_000_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        let ends = ((high, 40_000), (low, 443));
        for hook in [Hook::FromContainer, Hook::ToWireguard, Hook::ToNetdev] {
            segment(&mut table, hook, 1, ends, (1, Flags::ACK, 0));
            segment(&mut table, hook, 1, (ends.1, ends.0), (1, Flags::ACK, 0));
        }
    }
    assert_eq!(table.len(), 60_000);
    assert_eq!(table.memory().spill, 0);
    assert!(table.memory().total() <= 256 * table.len(), "{:?}", table.memory());
}
