//! WireGuard's protocol core and the offline decryption of captures.
#![forbid(unsafe_code)]

pub mod aead;
pub mod capture;
pub mod dissect;
pub mod key;
pub mod keylog;
pub mod keypair;
pub mod noise;
pub mod pipeline;
pub mod replay;
pub mod secrets;
pub mod session;
pub mod sessions;
