//! NAT of a node, as one table of `nf_tables` that is ours alone: `ip wgtrace_nat`.
//!
//! [`Intent`] says what a node is; [`Intent::table`] makes a [`Table`] of it; [`Nat::apply`] puts that in force in one
//! transaction, or finds that it is. [`diff`] says what is off.
//!
//! **Beside kube-proxy.** Its rules stay what they are. Translations are bound once for a connection: of all chains that
//! translate sources, the first that does wins. Ours has priority 99, one before `srcnat`, where kube-proxy's (through
//! iptables-nft) is, so that a pod that reaches its own node's port keeps its source port behind the router address; the
//! walkthrough's conntrack entry shows that. With kube-proxy first, its `masquerade fully-random` would choose another port.
//! That is also where Cilium stands: it puts its chain in front of kube-proxy's in the same hook. One difference remains:
//! what Cilium *accepts* there (pods to nodes), iptables hides from kube-proxy's rules behind it; a verdict of ours ends our
//! chain only, and kube-proxy may still masquerade what it marked itself.
//!
//! **A barrier.** With encryption, the table also drops what pods send, or the tunnel gives, towards the other nodes and no
//! forwarding program has marked: when the programs are gone (their BPF file system was unmounted), `nf_tables` alone is
//! left. It cannot do more. What a service's translation leads to another node is marked like what goes to the world, and
//! what the node itself sends is not marked at all; both reach the device on their way to the guard, which comes behind
//! every hook of `nf_tables`, and a rule that dropped them would drop what the guard encrypts.
//!
//! **Forwarding.** Cilium also accepts its devices' packets in the chain FORWARD of iptables, in front of what Docker or a
//! distribution drops there by default. A table of its own cannot do that: an `accept` in `nf_tables` ends the chain that says
//! it, and every other chain at the hook still sees the packet and may drop it; only a drop is final. Such a chain of ours
//! would do nothing but look like protection, so there is none. [`Nat::forward_drops`] finds the chains that drop by
//! default, and says what to do about each.

mod batch;
mod diff;
mod expression;
mod forward;
mod found;
mod intent;
pub mod kube_proxy;
mod read;
mod ruleset;
mod statement;

pub use self::diff::{Difference, What, diff};
pub use self::expression::{Base, ConntrackKey, Expression, MetaKey, Operator, Register, Side, Verdict};
pub use self::forward::ForwardDrop;
pub use self::found::{Counts, FoundChain, FoundHook, FoundRule, FoundSet, FoundTable};
pub use self::intent::{BARRIER, Intent, IntentError};
pub use self::ruleset::{Chain, ChainKind, Hook, HookPoint, Rule, Set, Table};
pub use self::statement::{Device, Is, Statement, Transport};

use super::nfnetlink::NetfilterSocket;
pub use super::nfnetlink::{Family, NetfilterError};

/// The name of our table, of family `ip` and, with IPv6, `ip6`.
pub const TABLE: &str = "wgtrace_nat";

/// The `nf_tables` of one network namespace.
#[derive(Debug)]
pub struct Nat {
    socket: NetfilterSocket,
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was in force already; nothing was written.
    Unchanged,
    /// It is new.
    Created,
    /// It took another one's place, which differed so.
    Replaced(Vec<Difference>),
}

impl Nat {
    /// Opens the `nf_tables` of the network namespace that this thread is in.
    pub fn open() -> Result<Self, NetfilterError> {
        Ok(Self { socket: NetfilterSocket::open()? })
    }

    /// Puts a table in force, all of it at once: no packet meets the old rules in part, or none.
    pub fn apply(&mut self, table: &Table) -> Result<Applied, NetfilterError> {
        let found = self.read(table.family, &table.name)?;
        let differences = diff(table, found.as_ref());
        if differences.is_empty() {
            return Ok(Applied::Unchanged);
        }
        self.socket.transaction(batch::SUBSYSTEM, &batch::replace(table))?;
        Ok(if found.is_some() { Applied::Replaced(differences) } else { Applied::Created })
    }

    /// Takes a table away; whether there was one.
    pub fn remove(&mut self, family: Family, name: &str) -> Result<bool, NetfilterError> {
        match self.socket.transaction(batch::SUBSYSTEM, &[batch::remove(family, name)]) {
            Ok(()) => Ok(true),
            Err(error) if error.errno() == Some(rustix::io::Errno::NOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The table in force, if there is one of this name.
    pub fn read(&mut self, family: Family, name: &str) -> Result<Option<FoundTable>, NetfilterError> {
        read::table(&mut self.socket, family, name)
    }

    /// What is off between a table and the one in force.
    pub fn compare(&mut self, table: &Table) -> Result<Vec<Difference>, NetfilterError> {
        Ok(diff(table, self.read(table.family, &table.name)?.as_ref()))
    }

    /// The chains, of whatever table, that drop what nobody has accepted on its way through the node.
    pub fn forward_drops(&mut self) -> Result<Vec<ForwardDrop>, NetfilterError> {
        forward::drops(&mut self.socket)
    }
}

#[cfg(test)]
mod tests;
