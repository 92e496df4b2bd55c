//! What is counted within the program: a test counts it, and fails where it is too much.

use anyhow::{Context as _, Result, ensure};

use crate::programs;

/// A count and its limit.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) value: String,
    pub(super) at_most: String,
}

/// The counts, which are the same in every build.
pub(super) fn figures() -> Result<Vec<Figure>> {
    let mut cargo = programs::cargo();
    cargo.args(["test", "--quiet", "--package", "wgtrace", "--bin", "wgtrace", "tui::tests::speed", "--"]);
    let output = cargo.args(["--nocapture", "--test-threads=1"]).output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wgtrace allocates too much, or its tests do not run:\n{told}{said}");
    let figures: Option<Vec<Figure>> =
        told.lines().filter_map(|line| line.split_once("figure: ")).map(|(_, line)| figure(line)).collect();
    let figures = figures.context("a figure is not understood")?;
    ensure!(!figures.is_empty(), "the tests of wgtrace counted nothing:\n{told}");
    Ok(figures)
}

fn figure(line: &str) -> Option<Figure> {
    let mut parts = line.split(": ").map(str::to_owned);
    Some(Figure { what: parts.next()?, value: parts.next()?, at_most: parts.next()? })
}
