//! What the kernel forwards a node's pod traffic by: links, addresses, routes, rules, sysctls.
//!
//! Three pure steps between two thin shells:
//!
//! ```text
//! Intent -> Desired --.
//!                      >- Difference::between -> changes, findings -> Kernel::apply
//! Kernel::observe -> Observed'
//! ```
//!
//! [`settle`] goes around until nothing is left to change; a second start changes nothing. What is ours is known by our
//! [`PROTOCOL`](state::PROTOCOL) on routes and rules and by the names of our devices; nothing else is ever changed or
//! removed. Everything that somebody else has to mend is a [`Finding`].
//!
//! Beside it: the programs that forward and guard ([`bpf`]), and translation of addresses ([`nat`] and [`conntrack`], over
//! [`nfnetlink`]).

pub mod bpf;
pub mod change;
pub mod command;
pub mod conntrack;
pub mod desired;
pub mod diff;
pub mod finding;
pub mod intent;
pub mod kernel;
pub mod nat;
pub mod nfnetlink;
pub mod observed;
pub mod pod;
mod settle;
pub mod state;

pub use self::change::Change;
pub use self::desired::Desired;
pub use self::diff::Difference;
pub use self::finding::Finding;
pub use self::intent::Intent;
pub use self::kernel::{Kernel, KernelError};
pub use self::observed::Observed;
pub use self::settle::{SettleError, Settled, settle};

#[cfg(test)]
mod tests;
