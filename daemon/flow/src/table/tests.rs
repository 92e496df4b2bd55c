mod bounds;
mod guises;
mod model;
mod tcp;
mod views;

use wgtrace_abi::Hook;
use wgtrace_wire::tcp::Flags;

use super::*;
use crate::key::Direction;
use crate::sample::{self, End, tcp4};

const CLIENT: End = (1, 40_000);
const SERVER: End = (2, 443);
const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);

/// A TCP segment from one end to the other, at a hook and a time.
fn segment(
    table: &mut FlowTable,
    hook: Hook,
    time: u64,
    (from, to): (End, End),
    (sequence, flags, len): (u32, Flags, usize),
) -> FlowId {
    let event = sample::event(hook, time);
    sample::with(event, &tcp4(from, to, sequence, flags, len), |packet| table.update(packet).unwrap())
}

fn table() -> FlowTable {
    FlowTable::new(Limits::default(), 0x5eed)
}
