//! Labs, from outside: programs as they are built, namespaces as the kernel has them.
#![expect(clippy::disallowed_methods, reason = "a test program: it has files, processes and clocks")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test program: what fails ends it")]

mod daemons;
mod exec;
mod life;
mod remains;
mod session;
mod talk;
mod traffic;
mod trouble;
mod world;
