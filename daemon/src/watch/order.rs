//! What the keeper has the engine do.

use std::sync::Arc;

use tokio::sync::oneshot;
use wgtrace_abi::{Hook, HookCounters};
use wgtrace_api::v1;

use super::flows::FlowQueue;
use super::packets::PacketQueue;
use super::surroundings::Surroundings;
use super::tallies::Tallies;
use crate::probe::ring::Rings;

/// What the programs counted, by CPU and hook.
pub(super) type Counters = Vec<(u32, Hook, HookCounters)>;

pub(super) enum Order {
    /// Reads these from now on: the programs of a namespace write to them, and had counted this much.
    Rings { rings: Rings, netns: u32, counters: Counters },
    /// Tells a subscriber more, under this number.
    Add(u64, Subscriber),
    /// Tells it nothing more.
    Remove(u64),
    /// Uses these names.
    Around(Arc<Surroundings>),
    /// Gates are open: events come.
    Wake,
    /// Gates are closed, and this is what was counted in the end: no more events come.
    Rest(Counters),
    /// Draws up the account with what was counted just now.
    Account(Counters, oneshot::Sender<Result<v1::LedgerReply, String>>),
    /// Tells what events told of drops.
    Tallies(oneshot::Sender<Tallies>),
}

/// Who listens.
pub(super) enum Subscriber {
    Packets(PacketQueue),
    Flows(FlowQueue),
}
