//! Whose packets were dropped, as events told it: the programs count how many.

use std::collections::{BTreeMap, HashMap};

use wgtrace_abi::{DropReason, Hook};
use wgtrace_flow::Packet;

use super::sight::addresses;
use super::surroundings::Surroundings;

/// Drops by pod, while somebody listened.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    /// By hook and reason, and then by pod.
    pods: BTreeMap<(Hook, DropReason), HashMap<Box<str>, u64>>,
}

impl Tallies {
    /// Pods whose packets were dropped at a hook for a reason, by name, and how many.
    pub fn pods(&self, hook: Hook, reason: DropReason) -> Vec<(&str, u64)> {
        let pods = self.pods.get(&(hook, reason)).into_iter().flatten();
        let mut pods: Vec<_> = pods.map(|(pod, packets)| (pod.as_ref(), *packets)).collect();
        pods.sort_unstable();
        pods
    }

    /// Counts a drop for the pod that the packet came from, else for the one that it was for.
    pub(super) fn add_drop(&mut self, packet: &Packet<'_>, reason: DropReason, around: &Surroundings) {
        let of_packet = addresses(packet);
        let pod = of_packet.and_then(|(from, to)| around.pod(from).or_else(|| around.pod(to)));
        let Some(pod) = pod else { return };
        let pods = self.pods.entry((packet.hook, reason)).or_default();
        let more = u64::from(packet.segments());
        if let Some(packets) = pods.get_mut(pod) {
            *packets = packets.saturating_add(more);
        } else if pods.len() < MOST_PODS {
            pods.insert(pod.into(), more);
        }
    }
}

/// Names of one hook and reason: pods come and go.
const MOST_PODS: usize = 4096;
