//! A recording: what a client heard, as a file.
//!
//! Eight bytes that say what it is, then [`Told`] messages in the order in which they were heard, each behind its
//! length (a protobuf varint). A file that was cut is good up to the cut.
//!
//! ```
//! use wgtrace_api::{recording, v1};
//!
//! let told = v1::Told { from: "worker".into(), ..Default::default() };
//! let mut file = recording::MAGIC.to_vec();
//! recording::append(&told, &mut file).unwrap();
//!
//! let mut decoder = recording::Decoder::default();
//! decoder.feed(&file);
//! assert_eq!(decoder.next(), Ok(Some(told)));
//! assert_eq!((decoder.next(), decoder.finish()), (Ok(None), Ok(())));
//! ```

use prost::Message as _;
use prost::bytes::{Buf as _, BytesMut};
use thiserror::Error;

use crate::v1::Told;

/// What every recording begins with; its last byte is the format's version.
pub const MAGIC: [u8; 8] = *b"WGTRACE\x01";

/// The longest message, in bytes: a snapshot of a very large flow table.
pub const LONGEST: usize = 64 << 20;

/// Appends a message.
///
/// # Errors
/// When it is longer than what a reader takes.
pub fn append(told: &Told, out: &mut Vec<u8>) -> Result<(), RecordingError> {
    let length = told.encoded_len();
    if length > LONGEST {
        return Err(RecordingError::TooLong { offset: 0, length });
    }
    // A vector takes everything.
    let _ = told.encode_length_delimited(out);
    Ok(())
}

/// Turns bytes into messages, however they come; holds no more than one message and what was fed behind it.
#[derive(Debug, Default)]
pub struct Decoder {
    held: BytesMut,
    /// Of what is held, in the file.
    offset: u64,
    is_begun: bool,
}

impl Decoder {
    /// Takes what comes next in the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next message; `None` if there is more to be fed first.
    ///
    /// # Errors
    /// When this is no recording, or none any more. Nothing behind it can be read.
    #[expect(clippy::should_implement_trait, reason = "more can be fed after None")]
    pub fn next(&mut self) -> Result<Option<Told>, RecordingError> {
        if !self.is_begun {
            let Some(magic) = self.held.get(..MAGIC.len()) else {
                let is_start = MAGIC.starts_with(&self.held);
                return if is_start { Ok(None) } else { Err(RecordingError::NoRecording) };
            };
            if magic != MAGIC {
                return Err(RecordingError::NoRecording);
            }
            self.skip(MAGIC.len());
            self.is_begun = true;
        }
        let offset = self.offset;
        let Some((length, prefix)) = length(&self.held, offset)? else {
            return Ok(None);
        };
        if length > LONGEST {
            return Err(RecordingError::TooLong { offset, length });
        }
        let whole = prefix.saturating_add(length);
        if self.held.len() < whole {
            return Ok(None);
        }
        self.skip(prefix);
        let message = self.held.split_to(length);
        self.offset = self.offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Told::decode(message.freeze()).map(Some).map_err(|_| RecordingError::Malformed { offset })
    }

    /// Says whether the file may end here.
    ///
    /// # Errors
    /// When it ends within a message, or before the first.
    pub fn finish(&self) -> Result<(), RecordingError> {
        if !self.is_begun {
            return Err(RecordingError::NoRecording);
        }
        if self.held.is_empty() {
            return Ok(());
        }
        Err(RecordingError::Cut { offset: self.offset, left: self.held.len() })
    }

    fn skip(&mut self, bytes: usize) {
        self.held.advance(bytes);
        self.offset = self.offset.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// A varint and its own length; `None` if more of it has to come.
fn length(bytes: &[u8], offset: u64) -> Result<Option<(usize, usize)>, RecordingError> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate() {
        let shift = u32::try_from(place).ok().and_then(|place| place.checked_mul(7));
        let bits = shift.and_then(|shift| u64::from(byte & 0x7f).checked_shl(shift));
        value |= bits.ok_or(RecordingError::Malformed { offset })?;
        if byte & 0x80 == 0 {
            let length = usize::try_from(value).map_err(|_| RecordingError::Malformed { offset })?;
            return Ok(Some((length, place.saturating_add(1))));
        }
    }
    Ok(None)
}

/// What can be wrong with a recording; offsets are in bytes from the start of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// Something else altogether.
    #[error("no recording of this release: `wgtrace record` makes them")]
    NoRecording,
    /// A length beyond all bounds.
    #[error("byte {offset}: a message of {length} bytes, and at most {LONGEST} are possible")]
    TooLong {
        /// Where its length is.
        offset: u64,
        /// What it says.
        length: usize,
    },
    /// Bytes that are no message.
    #[error("byte {offset}: no message")]
    Malformed {
        /// Where it should begin.
        offset: u64,
    },
    /// The end is missing.
    #[error("cut at byte {offset}: the {left} bytes behind it are a piece of a message")]
    Cut {
        /// Where the message begins whose end is missing.
        offset: u64,
        /// How much of it there is.
        left: usize,
    },
}
