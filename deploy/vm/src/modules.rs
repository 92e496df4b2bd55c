//! Modules that came with the machine.

use std::fs;

use anyhow::{Context as _, Result};

/// Loads them all in the order of their names, and says how many there are.
pub(crate) fn load() -> Result<String> {
    let mut files: Vec<_> = fs::read_dir("/modules")
        .context("cannot list /modules")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    for file in &files {
        let image = fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
        rustix::system::finit_module(image, c"", 0)
            .with_context(|| format!("cannot load {}", file.display()))?;
    }
    Ok(format!("{} modules", files.len()))
}
