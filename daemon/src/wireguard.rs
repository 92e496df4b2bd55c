//! WireGuard devices.

mod name;
pub mod user;

pub use name::{DeviceName, DeviceNameError};
