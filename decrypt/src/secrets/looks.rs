//! What a file without a single key line seems to be.

use std::fmt;

use super::line;
use crate::key;

/// What a text that gave no key seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looks {
    /// Nothing but blank lines and comments.
    Empty,
    /// A pcap or pcapng file.
    Capture,
    /// A gzip, zstd, xz or bzip2 file.
    Compressed,
    /// UTF-16 text, as a redirection in Windows PowerShell writes it.
    Utf16,
    /// A PEM file.
    Pem,
    /// A key log of TLS.
    TlsKeyLog,
    /// Several keys without names.
    BareKeys,
    /// Headings or settings of the right kind, no key among them.
    Keyless,
    /// Bytes that are no text.
    Binary,
    /// Some other text.
    OtherText,
}

/// Bytes looked at to tell text from other data.
const SAMPLE: usize = 4096;

impl Looks {
    /// What the first bytes settle beyond doubt.
    pub(super) fn by_magic(text: &[u8]) -> Option<Self> {
        // The last is the form that some patched libpcap writes, with a longer record header.
        const PCAP: [u32; 3] = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34];
        const PCAPNG_SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
        const PCAPNG_ORDER: u32 = 0x1a2b_3c4d;
        const COMPRESSED: [&[u8]; 4] =
            [&[0x1f, 0x8b, 0x08], &[0x28, 0xb5, 0x2f, 0xfd], &[0xfd, b'7', b'z', b'X', b'Z'], b"BZh"];
        const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

        let either_order = |word: &[u8; 4], magic: u32| {
            u32::from_be_bytes(*word) == magic || u32::from_le_bytes(*word) == magic
        };
        let first = text.first_chunk::<4>()?;
        let order = text.get(8..).and_then(<[u8]>::first_chunk::<4>);
        // The section type alone is two line ends as well.
        let pcapng = *first == PCAPNG_SECTION && order.is_some_and(|word| either_order(word, PCAPNG_ORDER));
        if pcapng || PCAP.iter().any(|&magic| either_order(first, magic)) {
            Some(Self::Capture)
        } else if COMPRESSED.iter().any(|magic| text.starts_with(magic)) {
            Some(Self::Compressed)
        } else if UTF_16.iter().any(|mark| text.starts_with(mark)) {
            Some(Self::Utf16)
        } else {
            None
        }
    }

    /// A guess about a text in which no line was recognised.
    pub(super) fn of_unrecognised(text: &[u8]) -> Self {
        let sample = text.get(..SAMPLE).unwrap_or(text);
        let Some((_, first)) = line::contents(text).next() else { return Self::Empty };
        let Ok(first) = std::str::from_utf8(first) else { return Self::Binary };
        if sample.contains(&0) {
            Self::Binary
        } else if first.starts_with("-----BEGIN") {
            Self::Pem
        } else if TLS_LABELS.iter().any(|label| first.starts_with(label)) {
            Self::TlsKeyLog
        } else if key::parse(first).is_some() {
            Self::BareKeys
        } else {
            Self::OtherText
        }
    }
}

const TLS_LABELS: [&str; 5] = [
    "CLIENT_RANDOM ",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
    "CLIENT_TRAFFIC_SECRET_0 ",
    "SERVER_TRAFFIC_SECRET_0 ",
];

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty, but for blank lines and comments",
            Self::Capture => "it looks like a packet capture",
            Self::Compressed => "it looks compressed; unpack it first",
            Self::Utf16 => "it looks like UTF-16 text; save it as UTF-8",
            Self::Pem => "it looks like a PEM file; WireGuard keys are 44 characters of base64",
            Self::TlsKeyLog => "it looks like a key log of TLS",
            Self::BareKeys => "it looks like several keys without names; one alone would be a private key",
            Self::Keyless => "it has the right form, but names none",
            Self::Binary => "it looks like binary data",
            Self::OtherText => "it is text without one line of a known kind",
        })
    }
}
