//! Init of a test machine.

fn main() {}
