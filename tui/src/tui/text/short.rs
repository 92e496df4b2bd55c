//! Text that is made for a cell and gone with the frame.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

/// A text that is no allocation while it is short, as all but a few cells are.
#[derive(Debug, Clone)]
pub(crate) struct Short(Held);

#[derive(Debug, Clone)]
enum Held {
    Here { bytes: [u8; ROOM], length: u8 },
    Long(String),
}

impl Short {
    /// A text without anything in it yet.
    pub(crate) const fn new() -> Self {
        Self(Held::Here { bytes: [0; ROOM], length: 0 })
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        match &mut self.0 {
            Held::Long(text) => text.push_str(more),
            Held::Here { bytes, length } => {
                let end = usize::from(*length).saturating_add(more.len());
                if let (Some(room), Ok(end)) = (bytes.get_mut(usize::from(*length)..end), u8::try_from(end)) {
                    room.copy_from_slice(more.as_bytes());
                    *length = end;
                } else {
                    let mut text = String::with_capacity(end.saturating_mul(2));
                    text.push_str(self);
                    text.push_str(more);
                    self.0 = Held::Long(text);
                }
            }
        }
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Held::Long(text) => text,
            Held::Here { bytes, length } => {
                let bytes = bytes.get(..usize::from(*length)).unwrap_or_default();
                // whole texts were put there
                std::str::from_utf8(bytes).unwrap_or_default()
            }
        }
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.push_str(more);
        Ok(())
    }
}

impl fmt::Display for Short {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

impl PartialEq<&str> for Short {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl From<fmt::Arguments<'_>> for Short {
    fn from(pieces: fmt::Arguments<'_>) -> Self {
        let mut text = Self::new();
        // it takes everything
        let _ = text.write_fmt(pieces);
        text
    }
}

impl From<&str> for Short {
    fn from(text: &str) -> Self {
        let mut short = Self::new();
        short.push_str(text);
        short
    }
}

impl From<Short> for String {
    fn from(text: Short) -> Self {
        match text.0 {
            Held::Long(text) => text,
            Held::Here { .. } => (*text).to_owned(),
        }
    }
}

/// What stands in a cell: a name that is there anyway, or what was made of a number.
#[derive(Debug, Clone)]
pub(crate) enum CellText<'a> {
    Name(&'a str),
    Made(Short),
}

impl Default for CellText<'_> {
    fn default() -> Self {
        Self::Name("")
    }
}

impl Deref for CellText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Made(text) => text,
        }
    }
}

impl<'a> From<&'a str> for CellText<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<Short> for CellText<'_> {
    fn from(text: Short) -> Self {
        Self::Made(text)
    }
}

impl From<fmt::Arguments<'_>> for CellText<'_> {
    fn from(pieces: fmt::Arguments<'_>) -> Self {
        Self::Made(pieces.into())
    }
}

impl From<String> for CellText<'_> {
    fn from(text: String) -> Self {
        Self::Made(Short(Held::Long(text)))
    }
}

impl<'a> From<Cow<'a, str>> for CellText<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(name) => Self::Name(name),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// Bytes of a text that is short.
const ROOM: usize = 95;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_whether_it_is_short_or_long() {
        let mut text = Short::new();
        let mut expected = String::new();
        for piece in ["eth0", " -> ", "漢字", &"x".repeat(85), "", "y", &"z".repeat(300)] {
            text.push_str(piece);
            expected.push_str(piece);
            assert_eq!(*text, *expected);
        }
        assert_eq!(String::from(text), expected);
        assert_eq!(Short::from(format_args!("{}/{:>3}", 1, 2)), "1/  2");
        assert_eq!(format!("{:>4}|", Short::from("ab")), "  ab|");
    }
}
