//! Labs, from outside: programs as they are built, namespaces as the kernel has them.
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files, threads and a clock")]

mod daemons;
mod exec;
mod life;
mod remains;
mod traffic;
mod trouble;
mod world;
