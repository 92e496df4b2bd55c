use std::collections::BTreeMap;

use proptest::prelude::*;
use wgtrace_abi::Hook;
use wgtrace_api::show;
use wgtrace_flow::time::WallOffset;
use wgtrace_flow::{Limits, decode};

use super::*;
use crate::trace::samples;
use crate::watch::surroundings::Surroundings;

/// A table, one who reads of it, and a clock.
struct Room {
    table: FlowTable,
    queue: FlowQueue,
    replies: mpsc::Receiver<v1::FlowsReply>,
    now: Instant,
    /// Nanoseconds of event time.
    time: u64,
}

impl Room {
    fn new(filter: &str, limits: Limits) -> Self {
        let now = Instant::now();
        let wants = FlowWants { filter: filter.parse().unwrap(), interval: FlowWants::INTERVAL };
        let (queue, replies) = FlowQueue::new(wants, now);
        Self { table: FlowTable::new(limits, 7), queue, replies, now, time: 1 }
    }

    /// A datagram of the pod with this number, which is its flow; from port 53 as a leak.
    fn packet(&mut self, pod: u16, is_leak: bool) {
        let [high, low] = pod.to_be_bytes();
        let mut frame = [&[2; 12][..], &[8, 0, 0x45, 0, 0, 28, 0, 7, 0x40, 0, 64, 17, 0, 0]].concat();
        frame.extend([10, 0, high, low, 10, 1, 0, 1, 0, 99, 0, 53, 0, 8, 0, 0]);
        let mut event = samples::event(&frame);
        (event.hook, event.time) = (Hook::TapOut.number(), self.time);
        let record = samples::record(event, &frame);
        let packet = decode(&record).unwrap();
        let known = if is_leak { self.table.update_leaked(&packet) } else { self.table.update(&packet) };
        assert!(known.is_some());
    }

    /// Lets everything that is there now fall silent for too long.
    fn expire(&mut self) {
        self.time += 3600 * 1_000_000_000;
        self.table.expire(self.time);
    }

    /// The next step falls due, and is told as far as there is room.
    fn tell(&mut self) {
        self.now = self.queue.due();
        self.go_on();
    }

    fn go_on(&mut self) {
        let around = Surroundings::default();
        let show = |flow: &Flow<'_>| show::flow(flow, &around, WallOffset(0));
        assert!(self.queue.tell(self.now, &mut self.table, 0, show));
    }

    fn next(&mut self) -> Option<v1::FlowsReply> {
        self.replies.try_recv().ok()
    }
}

fn parts(reply: &v1::FlowsReply) -> (bool, usize, usize) {
    (reply.snapshot, reply.flows.len(), reply.removed.len())
}

#[test]
fn the_first_reply_has_all_and_the_next_ones_what_is_new_or_gone() {
    let mut room = Room::new("", Limits::default());
    room.packet(1, false);
    room.packet(2, false);
    room.tell();
    let all = room.next().unwrap();
    assert_eq!((parts(&all), all.known, all.more), ((true, 2, 0), 2, false));
    room.tell();
    assert_eq!(room.next(), None, "nothing has happened");
    room.packet(2, false);
    room.packet(3, false);
    room.tell();
    let more = room.next().unwrap();
    assert_eq!((parts(&more), more.known), ((false, 2, 0), 3));
    room.expire();
    room.packet(3, false);
    room.tell();
    let last = room.next().unwrap();
    assert_eq!((parts(&last), last.known), ((false, 1, 3), 1));
    let known = |flow: &v1::Flow| all.flows.contains(flow) || more.flows.iter().any(|old| old.id == flow.id);
    assert!(!last.flows.iter().any(known), "it is another flow that has the same ends");
}

#[test]
fn nothing_is_told_before_it_is_due_and_an_empty_table_is_told_of_once() {
    let mut room = Room::new("", Limits::default());
    room.tell();
    assert_eq!(room.next().map(|reply| parts(&reply)), Some((true, 0, 0)));
    room.packet(1, false);
    room.now = room.queue.due().checked_sub(Duration::from_nanos(1)).unwrap();
    room.go_on();
    assert_eq!(room.next(), None);
    room.tell();
    assert_eq!(room.next().map(|reply| parts(&reply)), Some((false, 1, 0)));
}

#[test]
fn what_the_filter_does_not_want_is_never_told_of_and_what_it_wants_no_more_is_gone() {
    let mut room = Room::new("not leak", Limits::default());
    room.packet(1, false);
    room.packet(2, true);
    room.tell();
    let first = room.next().unwrap();
    assert_eq!(parts(&first), (true, 1, 0));
    room.packet(1, true);
    room.packet(2, true);
    room.tell();
    let second = room.next().unwrap();
    assert_eq!((parts(&second), &second.removed[..]), ((false, 0, 1), &[first.flows[0].id][..]));
    room.expire();
    room.tell();
    assert_eq!(room.next(), None, "neither was told of");
}

#[test]
fn a_large_table_comes_in_pieces_that_say_so() {
    let mut room = Room::new("", Limits::default());
    for pod in 0..3000 {
        room.packet(pod, false);
    }
    room.tell();
    let pieces: Vec<_> = std::iter::from_fn(|| room.next()).collect();
    assert_eq!(
        pieces.iter().map(|it| (parts(it), it.more)).collect::<Vec<_>>(),
        [((true, MOST_FLOWS, 0), true), ((false, MOST_FLOWS, 0), true),]
    );
    // the rings are looked at in between
    room.go_on();
    assert_eq!(room.next().map(|it| (parts(&it), it.more)), Some(((false, 3000 - 2 * MOST_FLOWS, 0), false)));
}

#[test]
fn a_reader_that_is_slow_takes_larger_steps_and_hears_that_it_missed_some() {
    let mut room = Room::new("", Limits::default());
    let steps = u16::try_from(MOST_REPLIES).unwrap() + 5;
    for pod in 0..steps {
        room.packet(pod, false);
        room.tell();
    }
    let mut told: Vec<_> = std::iter::from_fn(|| room.next()).collect();
    assert_eq!(told.len(), MOST_REPLIES);
    room.go_on();
    room.tell();
    told.extend(std::iter::from_fn(|| room.next()));
    assert_eq!(told.iter().map(|reply| reply.missed).collect::<Vec<_>>(), [0, 0, 0, 0, 4, 4]);
    assert_eq!(told.iter().map(|reply| reply.flows.len()).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 4]);
}

#[test]
fn who_hears_too_late_of_what_is_gone_begins_again() {
    let mut room = Room::new("", Limits { removed: 2, ..Limits::default() });
    for pod in 0..5 {
        room.packet(pod, false);
    }
    room.tell();
    assert_eq!(room.next().map(|reply| parts(&reply)), Some((true, 5, 0)));
    room.expire();
    room.packet(9, false);
    room.tell();
    assert_eq!(room.next().map(|reply| parts(&reply)), Some((true, 1, 0)));
}

#[test]
fn a_reader_that_is_gone_is_noticed() {
    let mut room = Room::new("", Limits::default());
    room.replies.close();
    assert!(!room.queue.tell(room.now, &mut room.table, 0, |_| v1::Flow::default()));
}

/// What may happen around a table.
#[derive(Debug, Clone, Copy)]
enum Act {
    Packet(u16, bool),
    Expire,
    Tell,
    Read,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..12_u16, prop::bool::weighted(0.2)).prop_map(|(pod, is_leak)| Act::Packet(pod, is_leak)),
        1 => Just(Act::Expire),
        4 => Just(Act::Tell),
        3 => Just(Act::Read),
    ]
}

/// What a reader does with a reply.
fn read(reply: v1::FlowsReply, known: &mut BTreeMap<u64, v1::Flow>) {
    if reply.snapshot {
        known.clear();
    }
    for id in &reply.removed {
        known.remove(id);
    }
    known.extend(reply.flows.into_iter().map(|flow| (flow.id, flow)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_slowly_it_reads_a_reader_ends_up_with_the_table(
        acts in prop::collection::vec(act(), 0..150),
        filter in prop::sample::select(&["", "clear", "leak"][..]),
        flows in 3..20_u32,
        removed in 0..30_usize,
    ) {
        let mut room = Room::new(filter, Limits { flows, removed, ..Limits::default() });
        let mut known = BTreeMap::new();
        for act in acts {
            match act {
                Act::Packet(pod, is_leak) => room.packet(pod, is_leak),
                Act::Expire => room.expire(),
                Act::Tell => room.tell(),
                Act::Read => if let Some(reply) = room.next() { read(reply, &mut known) },
            }
        }
        // all that waits, what waits behind it, and what is new since
        for _ in 0..3 {
            while let Some(reply) = room.next() {
                read(reply, &mut known);
            }
            room.tell();
        }
        let around = Surroundings::default();
        let all = room.table.iter().map(|flow| show::flow(&flow, &around, WallOffset(0)));
        let wanted: Filter = filter.parse().unwrap();
        let expected: BTreeMap<_, _> = all.filter(|flow| wanted.matches(flow)).map(|flow| (flow.id, flow)).collect();
        prop_assert_eq!(known, expected);
    }
}
