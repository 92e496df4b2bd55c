//! `wgtrace-cni`: run by container runtimes, which put everything it needs into its environment.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut input = Vec::new();
    // A runtime that breaks off has nothing to say: the empty configuration is refused.
    let _ = io::stdin().take(MOST_INPUT).read_to_end(&mut input);
    let (output, code) = match wgtrace_cni::run(&|name| std::env::var(name).ok(), &input) {
        Ok(output) => (output, ExitCode::SUCCESS),
        Err(error) => (error.json(), ExitCode::FAILURE),
    };
    // Nobody reads it any more: the runtime sees the status.
    let _ = io::stdout().write_all(output.as_bytes());
    code
}

/// A configuration has a few hundred bytes, with the previous result some thousand.
const MOST_INPUT: u64 = 1 << 20;
