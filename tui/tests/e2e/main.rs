//! The program as people run it: a command line in; files, streams and an exit status out.
//!
//! A test that needs something which is not here fails and says so. `WGTRACE_SKIP=conformance,tshark,tcpdump`
//! names what to do without.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and those of a program have files"
)]

mod conformance;
mod fake;
mod gate;
mod help;
mod json;
mod lab;
mod misuse;
mod oracle;
mod order;
mod output;
mod program;
mod records;
mod scene;
mod secrecy;
mod shell;
mod streams;
mod terminal;
mod watching;
