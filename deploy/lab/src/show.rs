//! What the stock tools print about a namespace, worked out here from the kernel: none of them is needed.
//!
//! Reading is `read_*` (on a thread that is in the namespace, see [`wgtrace_testbed::Namespace::run`]); everything else
//! is pure. Formats are those of iproute2 6, wireguard-tools, tcpdump 4.99, conntrack-tools and nft as of Debian 12,
//! without blanks at the end of a line.

mod address;
mod http;
mod link;
mod netlink;
mod nft;
mod packet;
mod route;
mod rule;
mod tcp;
mod units;
mod wireguard;

pub use self::address::Address;
pub use self::link::{Layer, Link, Links, Other, read_links};
pub use self::nft::{read_tables, rules};
pub use self::packet::{Medium, Packets};
pub use self::route::{Route, read_routes};
pub use self::rule::{Rule, read_rules};
pub use self::wireguard::{Device, Peer, ask};
