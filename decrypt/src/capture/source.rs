//! The bytes of the capture, with compression taken off.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::error::Error;

/// Where the bytes of the capture come from.
pub(super) enum Source<R: Read> {
    Plain(Stored<R>),
    Gzip(Box<MultiGzDecoder<Stored<R>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Stored<R>>>>),
}

/// The file as it is stored, the bytes that were looked at first included.
type Stored<R> = Chain<Cursor<Vec<u8>>, Metered<R>>;

/// Counts what is read, and remembers failures so that a decoder's complaints can be told from them.
#[derive(Debug)]
pub(super) struct Metered<R> {
    inner: R,
    read: u64,
    failed: bool,
}

/// Why no more bytes come.
#[derive(Debug)]
pub(super) enum Fault {
    Io(Error),
    Corrupt(String),
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Result<Self, Error> {
        let mut metered = Metered { inner, read: 0, failed: false };
        let mut start = [0; 4];
        let len = read_full(&mut metered, &mut start).map_err(|error| metered.error(&error))?;
        let start = start.get(..len).unwrap_or_default().to_vec();
        let compression = Compression::of(&start);
        let whole = Cursor::new(start).chain(metered);
        Ok(match compression {
            None => Self::Plain(whole),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(whole))),
            Some(Compression::Zstd) => {
                let decoder = zstd::Decoder::new(whole).and_then(|mut decoder| {
                    decoder.window_log_max(WINDOW_LOG_MAX)?;
                    Ok(decoder)
                });
                let cause =
                    |error: io::Error| Error::Decompress { compression: "zstd", cause: error.to_string() };
                Self::Zstd(Box::new(decoder.map_err(cause)?))
            }
        })
    }

    /// Reads until `buffer` is full or nothing more comes; says how much and why not more.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> (usize, Option<Fault>) {
        let mut len = 0;
        while let Some(room) = buffer.get_mut(len..).filter(|room| !room.is_empty()) {
            match self.read(room) {
                Ok(0) => break,
                Ok(read) => len = len.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (len, Some(self.fault(&error))),
            }
        }
        (len, None)
    }

    /// Bytes read of the file as it is stored.
    pub(super) fn position(&self) -> u64 {
        self.metered().read
    }

    /// The compression, and its name as a prefix of messages.
    pub(super) fn compression(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(_) => Some(("gzip", "inside gzip: ")),
            Self::Zstd(_) => Some(("zstd", "inside zstd: ")),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Gzip(source) => source.read(buffer),
            Self::Zstd(source) => source.read(buffer),
        }
    }

    fn fault(&self, error: &io::Error) -> Fault {
        if self.metered().failed || matches!(self, Self::Plain(_)) {
            return Fault::Io(self.metered().error(error));
        }
        // libzstd's words for a frame beyond the limit (zstd: lib/common/error_private.c).
        if error.to_string().contains("too much memory") {
            return Fault::Corrupt(format!("its window is larger than {} MiB", (1 << WINDOW_LOG_MAX) >> 20));
        }
        Fault::Corrupt(error.to_string())
    }

    fn metered(&self) -> &Metered<R> {
        match self {
            Self::Plain(source) => source.get_ref().1,
            Self::Gzip(source) => source.get_ref().get_ref().1,
            Self::Zstd(source) => source.get_ref().get_ref().get_ref().1,
        }
    }
}

impl<R> Metered<R> {
    fn error(&self, error: &io::Error) -> Error {
        Error::Io { kind: error.kind(), message: error.to_string(), offset: self.read }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        match &result {
            Ok(read) => self.read = self.read.saturating_add(u64::try_from(*read).unwrap_or(u64::MAX)),
            Err(error) => self.failed = error.kind() != io::ErrorKind::Interrupted,
        }
        result
    }
}

impl<R: Read> std::fmt::Debug for Source<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let compression = self.compression().map(|(name, _)| name);
        f.debug_struct("Source").field("compression", &compression).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    fn of(start: &[u8]) -> Option<Self> {
        match *start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A zstd frame or a skippable one (RFC 8878, 3.1).
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Self::Zstd),
            _ => None,
        }
    }
}

fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while let Some(room) = buffer.get_mut(len..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(read) => len = len.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// 32 MiB: a larger window alone would take most of the memory that the whole program may use.
const WINDOW_LOG_MAX: u32 = 25;
