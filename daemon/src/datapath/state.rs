//! The words both sides are told in: what is wanted and what there is.

mod address;
mod link;
mod route;
mod rule;
mod sysctl;

use wgtrace_abi::Mark;

pub use self::address::Address;
pub use self::link::{Setting, show_mac};
pub use self::route::{Hop, Route, Scope};
pub use self::rule::{Family, Rule};
pub use self::sysctl::Sysctl;

/// The protocol number of our routes and rules, by which they are known as ours.
///
/// None of `/etc/iproute2/rt_protos`; Cilium marks its own with 2 (kernel), and those of 1.13 with 3 (boot).
pub const PROTOCOL: u8 = 200;
/// The table of routes for what is to be encrypted.
pub const TABLE: u32 = 201;
/// The main table.
pub const MAIN: u32 = 254;
/// The priority of the rule that leads to [`TABLE`]: behind local addresses, before all else.
pub const PRIORITY: u32 = 1;
/// The mark of what is to be encrypted.
pub const MARK: u32 = Mark::ENCRYPT;
/// The bits of marks that count.
pub const MASK: u32 = Mark::MAGIC;
/// The metric of a route that any other route goes before.
pub const WORST_METRIC: u32 = u32::MAX;
