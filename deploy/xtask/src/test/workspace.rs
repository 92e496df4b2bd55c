//! `cargo xtask test workspace`: what needs no privileges.

use anyhow::{Context as _, Result, ensure};

use super::totals;
use crate::programs::cargo;

/// Runs `cargo test --workspace`.
pub(crate) fn run() -> Result<()> {
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    let ended = totals::follow(&mut tests).context("cargo test --workspace")?;
    println!("workspace: {}", ended.totals);
    for test in &ended.failed {
        println!("  failed: {test}");
    }
    ensure!(ended.failed.is_empty() && ended.totals.failed == 0, "{} failed", ended.totals.failed);
    ensure!(ended.totals.passed > 0, "no test ran");
    Ok(())
}
