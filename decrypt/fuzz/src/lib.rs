//! What the fuzz targets do with their input.
//!
//! Each `run` takes any bytes and panics only when something it states about the code under test
//! does not hold. `decrypt/tests/corpora.rs` includes this file and runs the committed corpora through
//! the same functions.

pub mod keys;
pub mod observer;
pub mod pipeline;
pub mod scenario;
pub mod wire;
