//! What the kernel forwards a node's pod traffic by.

pub mod conntrack;
pub mod nat;
pub mod nfnetlink;
