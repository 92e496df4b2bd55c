//! The programs: one for each hook, and what they share.
//!
//! For the BPF target alone, which `cargo xtask bpf` builds.
#![cfg_attr(target_arch = "bpf", no_std, no_main)]

#[cfg(target_arch = "bpf")]
#[expect(
    clippy::inline_always,
    reason = "a program that calls its own functions costs old verifiers many times the work"
)]
mod programs;

#[cfg(not(target_arch = "bpf"))]
fn main() -> std::process::ExitCode {
    eprintln!("these programs run in the kernel: build them with `cargo xtask bpf`");
    std::process::ExitCode::FAILURE
}
