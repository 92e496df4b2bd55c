use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::sample::udp4;

/// A table as anyone would write it.
#[derive(Default)]
struct Model {
    flows: Vec<ModelFlow>,
    generation: u32,
    next_tick: u64,
    evicted: u64,
    expired: u64,
}

struct ModelFlow {
    ports: (u16, u16),
    touched: u32,
    last: u64,
    hooks: HashMap<u8, [u64; 4]>,
}

impl Model {
    fn update(&mut self, most: usize, hook: Hook, time: u64, (from, to): (u16, u16), len: u64) {
        if time >= self.next_tick {
            self.next_tick = time + 1_000_000_000;
            self.generation += 1;
        }
        let ports = (from.min(to), from.max(to));
        let at = self.flows.iter().position(|flow| flow.ports == ports);
        // flows lie in the order in which their generation touched them first
        let flow = match at {
            Some(at) if self.flows[at].touched == self.generation => &mut self.flows[at],
            at => {
                let flow = if let Some(at) = at {
                    self.flows.remove(at)
                } else {
                    if self.flows.len() == most {
                        self.flows.remove(0);
                        self.evicted += 1;
                    }
                    ModelFlow { ports, touched: 0, last: 0, hooks: HashMap::new() }
                };
                self.flows.push(flow);
                self.flows.last_mut().unwrap()
            }
        };
        flow.touched = self.generation;
        flow.last = time;
        let counts = flow.hooks.entry(hook.number()).or_default();
        let up = usize::from(from > to) * 2;
        counts[up] += 1;
        counts[up + 1] += len;
    }

    fn expire(&mut self, now: u64) {
        while self.flows.first().is_some_and(|flow| now.saturating_sub(flow.last) >= 5_000_000_000) {
            self.flows.remove(0);
            self.expired += 1;
        }
    }
}

proptest! {
    #[test]
    fn a_table_agrees_with_a_naive_one(
        steps in prop::collection::vec((0_u16..12, 0_u16..12, 0..10_usize, 0..700_u64, 0..20_u8), 1..300),
    ) {
        let most = 9;
        let limits = Limits { flows: 9, datagram: std::time::Duration::from_secs(5), ..Limits::default() };
        let (mut table, mut model) = (FlowTable::new(limits, 7), Model::default());
        model.generation = 1;
        let mut time = 1_000_000_000;
        for (from, to, hook, gap, action) in steps {
            time += gap * 1_000_000;
            if action == 0 {
                table.mark();
                model.generation += 1;
            } else if action == 1 {
                table.expire(time);
                model.expire(time);
            }
            let (from, to) = (1000 + from, 2000 + to % 4);
            let (from, to) = if action % 2 == 0 { (from, to) } else { (to, from) };
            let frame = udp4((1, from), (1, to), &vec![0; usize::from(from % 7)]);
            let hook = Hook::ALL[hook];
            sample::with(sample::event(hook, time), &frame, |packet| table.update(packet).unwrap());
            model.update(most, hook, time, (from, to), frame.len() as u64);

            prop_assert_eq!(table.len(), model.flows.len());
            prop_assert_eq!((table.counts().evicted, table.counts().expired), (model.evicted, model.expired));
            let latest_first = table.iter();
            for (flow, wanted) in latest_first.zip(model.flows.iter().rev()) {
                prop_assert_eq!(flow.key().ports(Direction::Up), Some(wanted.ports));
                prop_assert_eq!(flow.last_seen(), wanted.last);
                prop_assert_eq!(flow.hooks().count(), wanted.hooks.len());
                for hook in flow.hooks() {
                    let (up, down) = match flow.forward() {
                        Direction::Up => (hook.forward, hook.backward),
                        Direction::Down => (hook.backward, hook.forward),
                    };
                    let counts = [up.packets, up.bytes, down.packets, down.bytes];
                    prop_assert_eq!(counts, wanted.hooks[&hook.place.hook.number()]);
                }
            }
        }
    }
}
