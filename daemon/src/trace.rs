//! `wgtraced trace`: packets of this node's hooks on standard output.

mod clock;
mod json;
mod line;
mod names;
mod put;
#[cfg(test)]
mod samples;
