//! Packets and the ledger in the words of the contract.

mod ledger;
mod packet;

pub(super) use self::ledger::ledger;
pub(super) use self::packet::packet;
