//! Packets and flows in the words of the contract.

mod flow;
mod ledger;
mod packet;

pub(super) use self::flow::flow;
pub(super) use self::ledger::ledger;
pub(super) use self::packet::packet;
