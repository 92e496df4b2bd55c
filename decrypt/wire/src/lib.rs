//! Views of the packets that WireGuard travels in, and of its four messages.
#![no_std]
#![forbid(unsafe_code)]

mod error;
pub mod wireguard;

pub use error::Error;
