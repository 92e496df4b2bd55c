use std::io;

/// Why a capture cannot be read, or not any further.
///
/// Damage inside a capture is no error: it is counted in [`Notes`](super::Notes).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is not one byte.
    #[error("{inside}the file is empty")]
    Empty {
        /// The compression around it, worded as a prefix; empty without one.
        inside: &'static str,
    },
    /// The first bytes are no capture file's.
    #[error("{inside}not a pcap or pcapng capture (it is {found})")]
    NotACapture {
        /// The compression around it, worded as a prefix; empty without one.
        inside: &'static str,
        /// What it is or starts with; four bytes at most, for it may be a key file.
        found: String,
    },
    /// The file ends before its own header does.
    #[error("{inside}the {format} header is cut off: {have} of {need} bytes")]
    HeaderCut {
        /// The compression around it, worded as a prefix; empty without one.
        inside: &'static str,
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Bytes needed.
        need: usize,
        /// Bytes present.
        have: usize,
    },
    /// A pcapng file whose byte-order magic is neither order's.
    #[error("{inside}the pcapng section header at offset 0 is damaged: byte-order magic 0x{magic:08x}")]
    BadByteOrder {
        /// The compression around it, worded as a prefix; empty without one.
        inside: &'static str,
        /// The magic, read as big endian.
        magic: u32,
    },
    /// A compressed file of which nothing could be decompressed.
    #[error("the {compression} stream cannot be decompressed: {cause}")]
    Decompress {
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// The decoder's words.
        cause: String,
    },
    /// The source failed; what was read before has been handed out.
    #[error("cannot read at offset {offset}: {message}")]
    Io {
        /// Kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
        /// Bytes of the source read before.
        offset: u64,
    },
}
