//! What the kernel programs decide, as code that runs anywhere.
//!
//! The programs (`src/main.rs`, built by `cargo xtask bpf`) touch packets, maps and helpers; everything
//! they decide is here, generic over [`Packet`], so that the very code the kernel runs is tested against
//! `wgtrace-wire` on the host. [`OBJECT`] is what came out of it, ready to be loaded.
//!
//! ```
//! use wgtrace_abi::{Filter, Rule};
//! use wgtrace_bpf::{filter, headers};
//!
//! let mut filter = Filter { count: 1, ..Filter::default() };
//! filter.rules[0] = Rule { protocol: 17, flags: Rule::PROTOCOL, ..Rule::default() };
//! let frame = [0; 60];
//! let headers = headers::parse(&frame[..], headers::Start::Ethernet);
//! assert!(!filter::matches(&filter, &headers));
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![expect(
    clippy::inline_always,
    reason = "a program that calls its own functions costs verifiers of old kernels many times the work"
)]

#[cfg(test)]
extern crate std;

pub mod filter;
pub mod forward;
pub mod gate;
pub mod headers;
#[cfg(not(target_arch = "bpf"))]
mod object;
pub mod packet;
pub mod tap;

#[cfg(not(target_arch = "bpf"))]
pub use object::{BLANK_EVENT, OBJECT};
pub use packet::{OutOfBounds, Packet};
