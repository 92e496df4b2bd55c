//! Recordings as files: written by `wgtrace record`, read by `wgtrace tui --replay`.

mod reader;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
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
        let out: Box<dyn Write> = if path == Path::new("-") {
            ensure!(
                !rustix::termios::isatty(io::stdout()),
                "standard output is a terminal: a recording is not for reading there"
            );
            Box::new(io::stdout())
        } else {
            Box::new(open(path)?)
        };
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

/// An empty file; what it takes the place of was a recording, too.
fn open(path: &Path) -> Result<File> {
    let context = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    if let Ok(metadata) = path.metadata()
        && !metadata.is_file()
    {
        ensure!(!metadata.is_dir(), "{} is a directory", path.display());
        return options.write(true).open(path).with_context(context);
    }
    let mut file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.as_mut().map_err(|error| io::Error::new(error.kind(), error.to_string()));
    let file = file.with_context(context)?;
    let mut start = Vec::new();
    let magic = u64::try_from(MAGIC.len()).unwrap_or(0);
    file.take(magic).read_to_end(&mut start).with_context(context)?;
    ensure!(
        start.is_empty() || start == MAGIC,
        "{} is there already and is no recording: it would be lost",
        path.display()
    );
    file.set_len(0).with_context(context)?;
    io::Seek::rewind(file).with_context(context)?;
    file.try_clone().with_context(context)
}
