//! Attaching programs, and getting events out of the kernel.

pub mod links;
pub mod role;
