//! Recordings as files: written by `wgtrace record`, read by `wgtrace tui --replay`, which takes captures, too.

mod captured;
mod reader;

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use wgtrace_api::recording::{MAGIC, append};
use wgtrace_api::v1::Told;

pub(crate) use self::reader::Recording;

/// A recording that is being made.
pub(crate) struct Recorder {
    out: BufWriter<Box<dyn Write>>,
    message: Vec<u8>,
    written: u64,
}

impl Recorder {
    /// Begins one at `path`, readable for its owner alone; - is standard output.
    ///
    /// # Errors
    /// When it cannot be written, or what is there is something else.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let out = crate::io::begin(path, &MAGIC)?;
        let mut recorder = Self { out: BufWriter::new(out), message: Vec::new(), written: 0 };
        recorder.put(&MAGIC)?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Adds a message.
    pub(crate) fn write(&mut self, told: &Told) -> Result<()> {
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        append(told, &mut message)?;
        self.put(&message)?;
        self.message = message;
        Ok(())
    }

    /// Hands everything on that was added.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().context("cannot write the recording")
    }

    /// Bytes so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.written = self.written.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.out.write_all(bytes).context("cannot write the recording")
    }
}
