use wgtrace_api::v1;
use wgtrace_flow::Ledger;

/// The account; a node is one network namespace.
pub(in crate::watch) fn ledger(ledger: &Ledger, netns: u32, node: &str, time: i64) -> v1::LedgerReply {
    let balance = ledger.balance();
    let rows = ledger.rows().filter(|(_, columns)| columns.runs() != 0 || columns.delivered != 0);
    let rows = rows.map(|(key, columns)| v1::LedgerRow {
        cpu: key.cpu,
        hook: key.hook.name().to_owned(),
        produced: columns.produced,
        delivered: columns.delivered,
        lost_full: columns.lost_full,
        lost_other: columns.lost_busy.saturating_add(columns.lost_other),
        deaf: columns.unheard,
        undecodable: columns.undecodable,
    });
    v1::LedgerReply {
        node: node.to_owned(),
        time,
        epoch: ledger.epoch(netns),
        rows: rows.collect(),
        unattributed: balance.unattributed,
        ring_lost: balance.rings.iter().fold(0, |sum, ring| sum.saturating_add(ring.lost_records)),
        balanced: balance.is_exact(),
    }
}
