//! From trace events to packets, flows and a ledger, without IO.
#![forbid(unsafe_code)]
