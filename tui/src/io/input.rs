//! The capture as a file that can be read from any position, as often as needed.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

/// An opened capture; standard input and pipes are spooled to an unlinked file of mode 0600.
#[derive(Debug)]
pub(crate) struct Input {
    file: Arc<File>,
    len: u64,
    identity: Option<Identity>,
}

/// A regular file whatever its name, to recognise it when it is also named as output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The file behind `metadata`, unless it is a pipe or a device.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// The file that standard input is redirected from, if it is.
    pub(crate) fn of_stdin() -> Option<Self> {
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        Self::of(&stdin.metadata().ok()?)
    }
}

impl Input {
    /// Opens `path`, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            let spooled = Self::spool(&mut io::stdin().lock()).context("reading standard input")?;
            return Ok(Self { identity: Identity::of_stdin(), ..spooled });
        }
        let context = || format!("cannot open {}", path.display());
        let mut file = File::open(path).with_context(context)?;
        let metadata = file.metadata().with_context(context)?;
        ensure!(!metadata.is_dir(), "{} is a directory, not a capture", path.display());
        if !metadata.is_file() {
            return Self::spool(&mut file).with_context(|| format!("reading {}", path.display()));
        }
        Ok(Self { file: Arc::new(file), len: metadata.len(), identity: Identity::of(&metadata) })
    }

    /// A copy of all that there is to read.
    pub(crate) fn spool(source: &mut dyn Read) -> Result<Self> {
        let mut file = tempfile::tempfile().context("cannot make a spool file")?;
        let len = io::copy(source, &mut file).context("cannot spool the input")?;
        Ok(Self { file: Arc::new(file), len, identity: None })
    }

    /// Length in bytes when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Which file it is, if it is one.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// Reads from the beginning, independently of every other reading.
    pub(crate) fn reading(&self) -> Reading {
        Reading { file: Arc::clone(&self.file), position: 0 }
    }
}

/// One pass over an [`Input`].
#[derive(Debug)]
pub(crate) struct Reading {
    file: Arc<File>,
    position: u64,
}

impl Reading {
    /// Another pass over the same input.
    pub(crate) fn rewound(&self) -> Self {
        Self { file: Arc::clone(&self.file), position: 0 }
    }
}

impl Read for Reading {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buf, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}
