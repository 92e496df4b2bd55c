//! What the kernel drops without asking a program of ours.

use super::Node;
use crate::datapath::desired::TUNNEL;
use crate::datapath::nat;
use crate::wireguard::DeviceName;

impl Node {
    /// Packets that no program and no device of ours has counted, by cause; without zeros. What cannot be asked for is left
    /// out: the rest is still true.
    pub async fn kernel_losses(&mut self) -> Vec<(String, u64)> {
        let mut losses = Vec::new();
        match self.kernel.dropped(&DeviceName::known(TUNNEL)).await {
            Ok(unread) => {
                losses.extend(unread.map(|count| (format!("{TUNNEL}: nobody read it in time"), count)));
            }
            Err(error) => tracing::debug!(%error, "losses of {TUNNEL}"),
        }
        match self.nat.read(nat::Family::IPV4, nat::TABLE) {
            Ok(table) => {
                let chains = table.iter().flat_map(|table| &table.chains);
                let rules = chains.filter(|chain| chain.name == nat::BARRIER).flat_map(|chain| &chain.rules);
                losses.extend(rules.filter_map(|rule| {
                    let comment = rule.comment.as_ref()?;
                    Some((format!("{}: {comment}", nat::BARRIER), rule.counts?.packets))
                }));
            }
            Err(error) => tracing::debug!(%error, "losses of table {}", nat::TABLE),
        }
        losses.retain(|(_, count)| *count > 0);
        losses
    }
}
