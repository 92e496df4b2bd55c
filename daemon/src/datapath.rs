//! What the kernel forwards a node's pod traffic by.

pub mod bpf;
