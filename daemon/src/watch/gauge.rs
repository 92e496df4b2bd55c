//! How many flows are known, for who asks without waiting for the engine.

use std::sync::atomic::{AtomicU64, Ordering};

use wgtrace_api::v1;
use wgtrace_flow::FlowTable;

use super::view::MOST_FLOWS;

/// What the table held when the engine looked last.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    current: AtomicU64,
    seen: AtomicU64,
}

impl Gauge {
    pub(super) fn set(&self, flows: &FlowTable) {
        let current = u64::try_from(flows.len()).unwrap_or(u64::MAX);
        self.current.store(current, Ordering::Relaxed);
        self.seen.store(flows.counts().created, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> v1::FlowTable {
        v1::FlowTable {
            current: self.current.load(Ordering::Relaxed),
            most: MOST_FLOWS.into(),
            seen: self.seen.load(Ordering::Relaxed),
        }
    }
}
