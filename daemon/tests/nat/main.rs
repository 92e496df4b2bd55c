//! NAT and conntrack in network namespaces, held against nft, conntrack and real traffic: `cargo xtask test netns`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there fails the test"
)]

mod conntrack;
mod oracle;
mod refusals;
mod replace;
mod tables;
mod traffic;
mod world;
