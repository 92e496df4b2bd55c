//! Benches: ratios against something run beside them, never bare seconds.

mod decrypt;
mod floor;
mod process;
mod traffic;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// `wgtrace decrypt` against reading, opening and writing the same bytes, and against tshark.
    Decrypt(decrypt::Args),
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Decrypt(args) => decrypt::run(&args),
        }
    }
}

/// Middle of an odd number of measurements, in seconds.
fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
