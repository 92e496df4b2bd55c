//! WireGuard's protocol core and the offline decryption of captures.
#![forbid(unsafe_code)]

pub mod capture;
pub mod key;
pub mod secrets;
