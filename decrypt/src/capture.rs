//! Capture files: containers in, frames out.

mod frame;

pub use frame::{Chunk, Frame, Interface, LinkType, Timestamp};
