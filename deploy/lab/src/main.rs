//! `wgtrace-lab`: what `wgtrace lab` runs.

fn main() {}
