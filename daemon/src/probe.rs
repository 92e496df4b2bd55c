//! Where packets are seen: programs, what they are attached to, and the rings their events come through.

pub mod ring;
