//! WireGuard devices.

pub mod command;
pub mod config;
mod device;
pub mod key_log;
mod name;
pub mod uapi;
pub mod user;

pub use device::{DeviceSecrets, DeviceStatus, PeerChange, WireGuard, WireGuardError};
pub use name::{DeviceName, DeviceNameError};
