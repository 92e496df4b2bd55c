//! What the kernel programs decide, as code that runs anywhere.
#![no_std]
#![forbid(unsafe_code)]
