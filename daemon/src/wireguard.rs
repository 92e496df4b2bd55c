//! WireGuard devices.

pub mod user;
