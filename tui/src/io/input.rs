//! The capture as a file that can be read from any position, as often as needed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

/// An opened capture; standard input and pipes are spooled to an unlinked file of mode 0600.
#[derive(Debug)]
pub(crate) struct Input {
    file: Arc<File>,
    len: u64,
    /// Device and inode, to recognise the file when it is also named as output.
    identity: Option<(u64, u64)>,
}

impl Input {
    /// Opens `path`, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Self::spool(&mut io::stdin().lock()).context("reading standard input");
        }
        let context = || format!("cannot open {}", path.display());
        let mut file = File::open(path).with_context(context)?;
        let metadata = file.metadata().with_context(context)?;
        ensure!(!metadata.is_dir(), "{} is a directory, not a capture", path.display());
        if !metadata.is_file() {
            return Self::spool(&mut file).with_context(|| format!("reading {}", path.display()));
        }
        let identity = Some((metadata.dev(), metadata.ino()));
        Ok(Self { file: Arc::new(file), len: metadata.len(), identity })
    }

    fn spool(source: &mut dyn Read) -> Result<Self> {
        let mut file = tempfile::tempfile().context("cannot make a spool file")?;
        let len = io::copy(source, &mut file).context("cannot spool the input")?;
        Ok(Self { file: Arc::new(file), len, identity: None })
    }

    /// Length in bytes when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether this is the file behind `metadata`.
    pub(crate) fn is(&self, metadata: &std::fs::Metadata) -> bool {
        self.identity == Some((metadata.dev(), metadata.ino()))
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
