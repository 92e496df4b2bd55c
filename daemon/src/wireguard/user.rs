//! A device in user space: a TUN on one side, a UDP socket on the other.

pub mod offload;
pub mod tun;
pub mod udp;
