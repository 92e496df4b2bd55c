//! One file, or a ring of them.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wgtrace_api::v1::Packet;

use super::section::{MAGIC, Section};
use crate::io;

/// Where packets go.
pub(super) struct Files {
    path: PathBuf,
    max_size: Option<u64>,
    keep: Option<NonZeroUsize>,
    /// Files of this ring that are there.
    kept: VecDeque<PathBuf>,
    number: u32,
    out: Box<dyn Write>,
    section: Section,
    written: u64,
}

impl Files {
    pub(super) fn create(path: &Path, max_size: Option<u64>, keep: Option<NonZeroUsize>) -> Result<Self> {
        ensure!(
            max_size.is_none() || path != Path::new("-"),
            "standard output is one file: --max-size needs a name for more"
        );
        let first = if max_size.is_some() { numbered(path, 1) } else { path.to_owned() };
        let out = io::begin(&first, &MAGIC)?;
        let mut files = Self {
            path: path.to_owned(),
            max_size,
            keep,
            kept: VecDeque::from([first]),
            number: 1,
            out,
            section: Section::begin()?,
            written: 0,
        };
        // A reader at the other end of a pipe learns at once what this is.
        files.flush()?;
        Ok(files)
    }

    pub(super) fn write(&mut self, packet: &Packet) -> Result<()> {
        let waiting = u64::try_from(self.section.pending().len()).unwrap_or(u64::MAX);
        if self.max_size.is_some_and(|size| self.written.saturating_add(waiting) >= size) {
            self.turn()?;
        }
        self.section.packet(packet)
    }

    /// Hands on whole blocks.
    pub(super) fn flush(&mut self) -> Result<()> {
        let pending = self.section.take();
        self.written = self.written.saturating_add(u64::try_from(pending.len()).unwrap_or(u64::MAX));
        self.out.write_all(&pending).and_then(|()| self.out.flush()).context("cannot write the capture")
    }

    /// Goes on in the next file, and removes one that is too many.
    fn turn(&mut self) -> Result<()> {
        self.flush()?;
        self.number = self.number.saturating_add(1);
        let next = numbered(&self.path, self.number);
        self.out = io::begin(&next, &MAGIC)?;
        self.section = Section::begin()?;
        self.written = 0;
        self.kept.push_back(next);
        while self.keep.is_some_and(|keep| self.kept.len() > keep.get()) {
            if let Some(oldest) = self.kept.pop_front() {
                // Who moved it away wants to keep it.
                match std::fs::remove_file(&oldest) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(error).with_context(|| format!("cannot remove {}", oldest.display()));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// `trace.pcapng` becomes `trace-00001.pcapng`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push(format!("-{number:05}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
