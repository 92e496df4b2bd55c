//! WireGuard devices.

pub mod config;
mod device;
mod name;
pub mod user;

pub use device::{DeviceStatus, PeerChange, WireGuard, WireGuardError};
pub use name::{DeviceName, DeviceNameError};
