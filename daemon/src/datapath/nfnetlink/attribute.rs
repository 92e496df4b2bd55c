//! Netlink attributes: length, kind, value, padding to four bytes (linux: `struct nlattr`).

use rtnetlink::packet_core::{NLA_F_NESTED, NLA_TYPE_MASK};

use super::Malformed;

/// Attributes of a message, one behind the other. Numbers of netfilter are in network order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attributes {
    bytes: Vec<u8>,
    /// Longer than the length field can say.
    overlong: bool,
}

impl Attributes {
    /// Adds bytes as they are.
    pub(crate) fn bytes(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.add(kind, |to| to.bytes.extend_from_slice(value))
    }

    /// Adds a string with the zero at its end.
    pub(crate) fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        self.add(kind, |to| {
            to.bytes.extend_from_slice(value.as_bytes());
            to.bytes.push(0);
        })
    }

    /// Adds a number of one byte.
    #[cfg(test)]
    pub(crate) fn u8(&mut self, kind: u16, value: u8) -> &mut Self {
        self.bytes(kind, &[value])
    }

    /// Adds a number of two bytes.
    #[cfg(test)]
    pub(crate) fn u16(&mut self, kind: u16, value: u16) -> &mut Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    /// Adds a number of four bytes.
    pub(crate) fn u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    /// Adds a nest of further attributes.
    pub(crate) fn nest(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.add(kind | NLA_F_NESTED, fill)
    }

    /// Adds attributes that were read from a message.
    pub(crate) fn raw(&mut self, attributes: &[u8]) {
        self.bytes.extend_from_slice(attributes);
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
    }

    /// The bytes as they go out; nothing when an attribute is longer than 65,535 bytes.
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        (!self.overlong).then_some(&self.bytes)
    }

    fn add(&mut self, kind: u16, value: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEADER]);
        value(self);
        let length = self.bytes.len().saturating_sub(start);
        if let (Ok(length), Some([a, b, c, d])) =
            (u16::try_from(length), self.bytes.get_mut(start..).and_then(<[u8]>::first_chunk_mut))
        {
            ([*a, *b], [*c, *d]) = (length.to_ne_bytes(), kind.to_ne_bytes());
        } else {
            self.overlong = true;
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        self
    }
}

/// Hands each attribute to `take`: its kind without flags, and its value.
pub(crate) fn attributes<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u16, Value<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while let Some((&[a, b, c, d], _)) = bytes.split_first_chunk::<HEADER>() {
        let length = usize::from(u16::from_ne_bytes([a, b]));
        let kind = u16::from_ne_bytes([c, d]) & NLA_TYPE_MASK;
        let have = bytes.len();
        let value = bytes.get(HEADER..length).ok_or(Malformed::Attribute { kind, length, have })?;
        take(kind, Value(value))?;
        bytes = bytes.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
    }
    Ok(())
}

/// What is in an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a>(pub(crate) &'a [u8]);

impl Value<'_> {
    /// A string, up to the zero at its end; what is not UTF-8 is replaced.
    pub(crate) fn text(self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        String::from_utf8_lossy(self.0.get(..end).unwrap_or_default()).into_owned()
    }

    pub(crate) fn u8(self) -> Result<u8, Malformed> {
        self.exactly::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(self) -> Result<u16, Malformed> {
        self.exactly().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(self) -> Result<u32, Malformed> {
        self.exactly().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(self) -> Result<u64, Malformed> {
        self.exactly().map(u64::from_be_bytes)
    }

    /// A value of a fixed length.
    pub(crate) fn exactly<const N: usize>(self) -> Result<[u8; N], Malformed> {
        self.0.try_into().map_err(|_| Malformed::Length { need: N, have: self.0.len() })
    }
}

const HEADER: usize = 4;
const ALIGN: usize = 4;
