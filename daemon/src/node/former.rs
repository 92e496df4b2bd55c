//! Addresses that were nodes'.
//!
//! A node that is no longer told of may still be there, and pods may have connections to it. As an address of the world it
//! would get the rest of them in plaintext; as a node without a peer it gets nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use wgtrace_abi::forward::{Place, PlaceKind};
use wgtrace_tunnel::Prefix;

/// Addresses of nodes that are gone, and since when.
#[derive(Debug, Default)]
pub(super) struct FormerNodes(BTreeMap<Prefix, Instant>);

impl FormerNodes {
    /// Of the prefixes that there are, those that are to be removed: what is no longer wanted, and was no node's until a
    /// while ago.
    pub(super) fn outlived(
        &mut self,
        now: Instant,
        have: &BTreeMap<Prefix, Place>,
        wanted: &BTreeMap<Prefix, Place>,
    ) -> Vec<Prefix> {
        self.0.retain(|prefix, _| !wanted.contains_key(prefix));
        let mut outlived = Vec::new();
        for (prefix, place) in have.iter().filter(|(prefix, _)| !wanted.contains_key(prefix)) {
            if place.kind() == PlaceKind::RemoteNode {
                let since = *self.0.entry(*prefix).or_insert(now);
                if now.saturating_duration_since(since) < REMEMBERED {
                    continue;
                }
                self.0.remove(prefix);
            }
            outlived.push(*prefix);
        }
        outlived
    }
}

/// Longer than a connection without answers lasts; then somebody else may have the address.
const REMEMBERED: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use wgtrace_abi::Address;

    use super::*;

    fn places(of: &[(&str, PlaceKind)]) -> BTreeMap<Prefix, Place> {
        let place = |kind| Place::new(kind, Address::default());
        of.iter().map(|(prefix, kind)| (prefix.parse().unwrap(), place(*kind))).collect()
    }

    #[test]
    fn a_nodes_address_outlives_the_node_and_its_pods_do_not() {
        let own = ("172.18.0.3/32", PlaceKind::OwnNode);
        let node = [("172.18.0.4/32", PlaceKind::RemoteNode), ("10.0.2.0/24", PlaceKind::RemotePods)];
        let (with, without) = (places(&[own, node[0], node[1]]), places(&[own]));
        let pods: Prefix = node[1].0.parse().unwrap();
        let address: Prefix = node[0].0.parse().unwrap();
        let mut former = FormerNodes::default();
        let begin = Instant::now();
        assert_eq!(former.outlived(begin, &with, &with), []);
        assert_eq!(former.outlived(begin, &with, &without), [pods]);
        let left = places(&[own, node[0]]);
        assert_eq!(former.outlived(begin + REMEMBERED / 2, &left, &without), []);
        assert_eq!(former.outlived(begin + REMEMBERED, &left, &without), [address]);
        // back in between, it has all the time again
        assert_eq!(former.outlived(begin, &left, &without), []);
        assert_eq!(former.outlived(begin + REMEMBERED / 2, &left, &left), []);
        assert_eq!(former.outlived(begin + REMEMBERED, &left, &without), []);
        assert_eq!(former.outlived(begin + 2 * REMEMBERED, &left, &without), [address]);
    }
}
