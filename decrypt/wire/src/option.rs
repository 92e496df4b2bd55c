//! The option lists of IPv4 and TCP headers, which have one shape.

use crate::Error;

/// Walks an option list; ends at the end-of-list option, or with one error where it is broken.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    rest: &'a [u8],
}

/// One option: its kind, and its data without kind and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawOption<'a> {
    /// The kind byte.
    pub kind: u8,
    /// What follows the length byte.
    pub data: &'a [u8],
}

impl<'a> Options<'a> {
    /// Walks `list`, the bytes between the fixed header and the payload.
    pub fn new(list: &'a [u8]) -> Self {
        Self { rest: list }
    }

    fn take(&mut self) -> Result<Option<RawOption<'a>>, Error> {
        loop {
            match *self.rest {
                [] | [END, ..] => return Ok(None),
                [PADDING, ref rest @ ..] => self.rest = rest,
                [_] => return Err(Error::Truncated { need: 2, have: 1 }),
                [kind, len, ref rest @ ..] => {
                    let claimed = usize::from(len);
                    let data_len = claimed.checked_sub(2).ok_or(Error::BadLength { claimed })?;
                    let (data, rest) = rest.split_at_checked(data_len).ok_or(Error::BadLength { claimed })?;
                    self.rest = rest;
                    return Ok(Some(RawOption { kind, data }));
                }
            }
        }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<RawOption<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.take().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.rest = &[];
        }
        item
    }
}

impl core::iter::FusedIterator for Options<'_> {}

const END: u8 = 0;
const PADDING: u8 = 1;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn walk(list: &[u8]) -> Vec<Result<RawOption<'_>, Error>> {
        Options::new(list).collect()
    }

    #[test]
    fn padding_is_skipped_and_the_end_ends() {
        let option = RawOption { kind: 2, data: &[5, 0x8c] };
        assert_eq!(walk(&[1, 1, 2, 4, 5, 0x8c, 0, 9, 9]), [Ok(option)]);
        assert_eq!(walk(&[]), []);
    }

    #[test]
    fn a_length_that_cannot_be_ends_the_walk_once() {
        assert_eq!(walk(&[8, 1, 1]), [Err(Error::BadLength { claimed: 1 })]);
        assert_eq!(walk(&[8, 10, 1]), [Err(Error::BadLength { claimed: 10 })]);
        assert_eq!(walk(&[8]), [Err(Error::Truncated { need: 2, have: 1 })]);
    }
}
