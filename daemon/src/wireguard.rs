//! WireGuard devices.

pub mod command;
pub mod config;
mod device;
pub mod key_log;
mod listening;
mod name;
pub mod uapi;
pub mod user;

pub use device::{DeviceSecrets, DeviceStatus, PeerChange, WireGuard, WireGuardError};
pub use listening::Listening;
pub use name::{DeviceName, DeviceNameError};
