//! Netfilter over netlink: the socket and the messages that `nf_tables` and conntrack share.
//!
//! The crates looked at for the message types: rustables is GPL-3.0, nftnl needs C libraries, netlink-packet-netfilter
//! (MIT, 0.4) has tables, chains and rules but none of `ct`, `nat`, `masq`, `counter`, `fib` and `numgen`, and of a
//! conntrack entry neither counters nor zone nor id; netlink-bindings transmutes. So headers and the socket come from
//! the netlink crates of the tree, and attributes are written here.

mod attribute;
mod error;
mod message;
mod reply;
mod socket;

pub(crate) use self::attribute::{Attributes, Value, attributes};
pub use self::error::{Malformed, NetfilterError};
pub use self::message::Family;
pub(crate) use self::message::Message;
pub(crate) use self::socket::NetfilterSocket;

#[cfg(test)]
mod tests;
