//! Recordings and captures that are read.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wgtrace_api::recording::{Decoder, MAGIC, RecordingError};
use wgtrace_api::v1::Told;

use super::captured::{Captured, Inside};
use crate::cli::Misuse;
use crate::decrypt::Keys;
use crate::io::Input;

/// A recording that is read, message by message; of a capture, what a daemon would have said of it.
pub(crate) enum Recording {
    /// What `wgtrace record` wrote.
    Told(Messages),
    /// A pcap or pcapng.
    Captured(Box<Captured>),
}

impl Recording {
    /// Opens one; - is standard input. With keys, a capture's ciphertext is opened.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub(crate) fn open(path: &Path, keys: &[PathBuf]) -> Result<Self> {
        let is_stdin = path == Path::new("-");
        let context = || format!("cannot open {}", path.display());
        let mut input: Box<dyn Read + Send> =
            if is_stdin { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(context)?) };
        let mut start = Vec::new();
        let length = u64::try_from(MAGIC.len()).unwrap_or(0);
        let read = input.by_ref().take(length).read_to_end(&mut start);
        read.with_context(|| format!("cannot read {}", path.display()))?;
        let is_recording = MAGIC.starts_with(&start);
        let mut whole = Cursor::new(start).chain(input);
        if is_recording {
            if !keys.is_empty() {
                bail!(Misuse(
                    "keys open captures: a recording has what the daemon opened (`wgtrace record --decrypted`)"
                ));
            }
            return Ok(Self::Told(Messages::new(whole, path)));
        }
        let captured = if keys.is_empty() {
            Captured::open(Box::new(whole), None, path)
        } else {
            // what is inside is read by another pass over the same bytes
            let is_file = !is_stdin && path.metadata().is_ok_and(|metadata| metadata.is_file());
            let input = if is_file { Input::open(path)? } else { Input::spool(&mut whole)? };
            let keys = Keys::read(keys)?;
            keys.complain();
            let inside = Inside::open(&input, keys, path)?;
            Captured::open(Box::new(input.reading()), Some(inside), path)
        };
        let error = |error| format!("{}: {}, and {error}", path.display(), RecordingError::NoRecording);
        Ok(Self::Captured(Box::new(captured.map_err(|cause| anyhow::anyhow!(error(cause)))?)))
    }

    /// The next message; `None` at the end, whether or not it is that of the file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(&mut self) -> Result<Option<Told>> {
        match self {
            Self::Told(messages) => messages.read(),
            Self::Captured(captured) => captured.read(),
        }
    }

    /// What is wrong with it, if something is; known once `read` gave `None`.
    pub(crate) fn fault(&self) -> Option<String> {
        match self {
            Self::Told(messages) => {
                messages.cut.as_ref().map(|cut| format!("the recording is cut short: {cut}"))
            }
            Self::Captured(captured) => captured.fault(),
        }
    }
}

/// The messages of a recording.
pub(crate) struct Messages {
    input: Box<dyn Read + Send>,
    path: PathBuf,
    decoder: Decoder,
    piece: Vec<u8>,
    is_over: bool,
    cut: Option<RecordingError>,
}

impl Messages {
    fn new(input: impl Read + Send + 'static, path: &Path) -> Self {
        let (input, path, piece) = (Box::new(input), path.to_owned(), vec![0; PIECE]);
        Self { input, path, decoder: Decoder::default(), piece, is_over: false, cut: None }
    }

    fn read(&mut self) -> Result<Option<Told>> {
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
