//! The walkthrough's cluster on one machine: three nodes, each a network and a mount namespace with the real
//! `wgtraced` in it, and pods attached by the real CNI plugin.
#![expect(clippy::disallowed_methods, reason = "it is there for files, clocks and processes")]
