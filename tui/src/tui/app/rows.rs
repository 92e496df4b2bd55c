//! What the rows of the simple tables are.

use wgtrace_api::v1::{Interface, LedgerRow, Peer};

use crate::tui::model::reason;
use crate::tui::model::{Model, Node};

/// Peers of all nodes.
pub(crate) fn peer_rows(model: &Model) -> impl Iterator<Item = (&Node, &Peer)> {
    model.nodes.shown().flat_map(|node| node.peers.1.iter().map(move |peer| (node, peer)))
}

/// Interfaces of all nodes.
pub(crate) fn interface_rows(model: &Model) -> impl Iterator<Item = (&Node, &Interface)> {
    model.nodes.shown().flat_map(|node| node.interfaces.iter().map(move |interface| (node, interface)))
}

/// Ledgers of all nodes; rows of hooks where nothing happened are left out.
pub(crate) fn ledger_rows(model: &Model) -> impl Iterator<Item = (&Node, &LedgerRow)> {
    model.nodes.shown().flat_map(|node| {
        let rows = node.ledger.iter().flat_map(|ledger| &ledger.rows);
        rows.filter(|row| row.produced != 0 || row.deaf != 0 || row.undecodable != 0)
            .map(move |row| (node, row))
    })
}

/// What was dropped at one place for one reason; below it, of which pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DropRow<'a> {
    pub(crate) node: &'a str,
    pub(crate) reason: String,
    pub(crate) hook: &'a str,
    pub(crate) packets: u64,
    /// Not known of a pod's, and of what the device lost.
    pub(crate) bytes: Option<u64>,
    /// Of whom, in a row below the sum.
    pub(crate) pod: Option<&'a str>,
}

/// Drops of all nodes: what the programs dropped, then what the WireGuard device lost, then leaks.
pub(crate) fn drop_rows(model: &Model) -> Vec<DropRow<'_>> {
    let mut rows = Vec::new();
    for node in model.nodes.shown() {
        let Some(drops) = &node.drops else { continue };
        let name = node.name.as_str();
        let row = |reason: String, hook, packets, bytes, pod| DropRow {
            node: name,
            reason,
            hook,
            packets,
            bytes,
            pod,
        };
        if drops.leaks > 0 {
            rows.push(row("LEAK: left in the clear".to_owned(), "tap-out", drops.leaks, None, None));
        }
        for total in drops.totals.iter().filter(|total| total.packets > 0) {
            rows.push(row(reason(total.reason), &total.hook, total.packets, Some(total.bytes), None));
            let pods = total.pods.iter();
            rows.extend(
                pods.map(|of| {
                    row(reason(total.reason), &total.hook, of.packets, None, Some(of.pod.as_str()))
                }),
            );
        }
        let losses = drops.losses.iter().filter(|loss| loss.count > 0);
        rows.extend(losses.map(|loss| row(loss.cause.clone(), "device", loss.count, None, None)));
    }
    rows
}
