//! The key files named on the command line.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wgtrace_decrypt::secrets::{Complaint, Secrets};
use zeroize::Zeroizing;

use crate::io::{Identity, Input, say};

/// Larger than a million sessions; a capture given by mistake is refused early.
const MAX_LEN: u64 = 256 << 20;

/// What the key files hold, and what was wrong with them.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) secrets: Secrets,
    complaints: Vec<Complaint>,
    files: Vec<Identity>,
}

impl Keys {
    /// Reads every file of `paths`, standard input for `-`.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut keys = Self { secrets: Secrets::new(), complaints: Vec::new(), files: Vec::new() };
        for path in paths {
            let (text, file) =
                read(path).with_context(|| format!("cannot read keys from {}", path.display()))?;
            keys.files.extend(file);
            keys.complaints.extend(keys.secrets.add(&text, &path.display().to_string()));
        }
        Ok(keys)
    }

    /// The files they came from, and `input`.
    pub(crate) fn files_and(&self, input: &Input) -> Vec<Identity> {
        self.files.iter().copied().chain(input.identity()).collect()
    }

    /// Says on standard error what could not be used.
    pub(crate) fn complain(&self) {
        for complaint in &self.complaints {
            say(complaint);
        }
    }
}

fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<Identity>)> {
    let mut text = Zeroizing::new(Vec::new());
    let mut take = |source: &mut dyn std::io::Read| source.take(MAX_LEN + 1).read_to_end(&mut text);
    let (read, identity) = if path == Path::new("-") {
        (take(&mut std::io::stdin().lock())?, Identity::of_stdin())
    } else {
        let mut file = File::open(path)?;
        (take(&mut file)?, Identity::of(&file.metadata()?))
    };
    ensure!(read as u64 <= MAX_LEN, "larger than {} MiB: not a key file", MAX_LEN >> 20);
    Ok((text, identity))
}
