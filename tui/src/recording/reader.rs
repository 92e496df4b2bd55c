//! Recordings that are read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wgtrace_api::recording::{Decoder, RecordingError};
use wgtrace_api::v1::Told;

/// A recording that is read, message by message.
pub(crate) struct Recording {
    input: Box<dyn io::Read + Send>,
    path: PathBuf,
    decoder: Decoder,
    piece: Vec<u8>,
    is_over: bool,
    cut: Option<RecordingError>,
}

impl Recording {
    /// Opens one; - is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let input: Box<dyn io::Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?)
        };
        let (path, piece) = (path.to_owned(), vec![0; PIECE]);
        Ok(Self { input, path, decoder: Decoder::default(), piece, is_over: false, cut: None })
    }

    /// The next message; `None` at the end, whether or not it is that of the file.
    ///
    /// # Errors
    /// When it is no recording, or cannot be read.
    pub(crate) fn read(&mut self) -> Result<Option<Told>> {
        loop {
            if self.is_over {
                return Ok(None);
            }
            match self.decoder.next() {
                Ok(Some(told)) => return Ok(Some(told)),
                Ok(None) => {}
                Err(error) => self.end(Err(error))?,
            }
            if !self.is_over {
                let read = self.input.read(&mut self.piece);
                let read = read.with_context(|| format!("cannot read {}", self.path.display()))?;
                self.decoder.feed(self.piece.get(..read).unwrap_or_default());
                if read == 0 {
                    self.end(self.decoder.finish())?;
                }
            }
        }
    }

    /// What is wrong with its end, if something is; known once `read` gave `None`.
    pub(crate) fn cut(&self) -> Option<&RecordingError> {
        self.cut.as_ref()
    }

    fn end(&mut self, end: Result<(), RecordingError>) -> Result<()> {
        self.is_over = true;
        match end {
            Ok(()) => {}
            Err(error @ RecordingError::NoRecording) => bail!("{}: {error}", self.path.display()),
            Err(error) => self.cut = Some(error),
        }
        Ok(())
    }
}

const PIECE: usize = 64 << 10;
