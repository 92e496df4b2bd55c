//! Where packets are seen: programs, what they are attached to, and the rings their events come through.

pub mod attach;
pub(crate) mod call;
mod circumstances;
mod error;
pub mod instance;
mod interface;
pub mod links;
pub mod ring;
pub mod role;
mod tap;

pub use self::{error::ProbeError, interface::Interface};
