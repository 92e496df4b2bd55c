//! `wgtraced`: the node daemon.

fn main() {}
