//! What left in clear and had to be encrypted, counted whoever listens.

use wgtrace_abi::forward::Metric;
use wgtrace_bpf::forward::{Decision, Sink};

use super::metrics;
use crate::programs::skb::Skb;

/// A packet that has left.
pub(super) struct Leaks<'a>(pub(super) &'a Skb);

impl Sink for Leaks<'_> {
    #[inline(always)]
    fn put(&mut self, decision: Decision) {
        if decision.wants_encryption() {
            let (hook, reason) = Metric::LEAK;
            metrics::count(self.0, hook.number(), reason.0);
        }
    }
}
