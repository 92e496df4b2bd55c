//! The key files named on the command line.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wgtrace_decrypt::secrets::{Complaint, Secrets};
use zeroize::Zeroizing;

use crate::io::{Identity, Input, say};

/// Larger than a million sessions; a capture given by mistake is refused early.
const MAX_LEN: usize = 64 << 20;

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
    if path == Path::new("-") {
        return Ok((read_wiped(&mut std::io::stdin().lock(), 0)?, Identity::of_stdin()));
    }
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let expected = usize::try_from(metadata.len().min(MAX_LEN as u64))?;
    Ok((read_wiped(&mut file, expected)?, Identity::of(&metadata)))
}

/// Reads to the end; a buffer that is outgrown is wiped, not left behind with keys in it.
fn read_wiped(source: &mut dyn std::io::Read, expected: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut piece = Zeroizing::new([0; 8192]);
    let mut text = Zeroizing::new(Vec::with_capacity(expected.max(piece.len())));
    loop {
        let read = match source.read(&mut *piece) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let Some(fresh) = piece.get(..read).filter(|fresh| !fresh.is_empty()) else { return Ok(text) };
        ensure!(text.len() + read <= MAX_LEN, "larger than {} MiB: not a key file", MAX_LEN >> 20);
        if text.capacity() - text.len() < read {
            let mut larger = Zeroizing::new(Vec::with_capacity(text.capacity() * 2));
            larger.extend_from_slice(&text);
            text = larger;
        }
        text.extend_from_slice(fresh);
    }
}
