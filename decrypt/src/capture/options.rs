//! Options behind the fixed part of a pcapng block.

use std::borrow::Cow;

use super::order::Order;

/// Options up to the end of them, or to the first that is not whole.
#[derive(Debug, Clone)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: Order,
    is_sound: bool,
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { rest: bytes, order, is_sound: true }
    }

    /// Whether none so far was cut.
    pub(super) fn is_sound(&self) -> bool {
        self.is_sound
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[c0, c1, n0, n1], rest) = std::mem::take(&mut self.rest).split_first_chunk()?;
        let code = self.order.u16([c0, c1]);
        let len = usize::from(self.order.u16([n0, n1]));
        let Some(value) = rest.get(..len) else {
            self.is_sound = false;
            return None;
        };
        if code == END {
            return None;
        }
        self.rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

/// What a file says of a frame beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks<'a> {
    /// The first comment (`opt_comment`).
    pub comment: Option<Cow<'a, str>>,
    /// Which way it passed its interface (`epb_flags`).
    pub direction: Option<Direction>,
}

/// Which way a frame passed its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It came in.
    Inbound,
    /// It went out.
    Outbound,
}

impl<'a> Remarks<'a> {
    pub(super) fn of(bytes: &'a [u8], order: Order) -> Self {
        let mut remarks = Self::default();
        for (code, value) in Options::new(bytes, order) {
            match (code, value) {
                (COMMENT, text) if remarks.comment.is_none() => {
                    remarks.comment = Some(String::from_utf8_lossy(text));
                }
                (FLAGS, value) if let Ok(flags) = <[u8; 4]>::try_from(value) => {
                    remarks.direction = match order.u32(flags) & 3 {
                        1 => Some(Direction::Inbound),
                        2 => Some(Direction::Outbound),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        remarks
    }
}

const END: u16 = 0;
const COMMENT: u16 = 1;
/// Of an Enhanced Packet Block.
const FLAGS: u16 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_directions_are_read_in_either_byte_order() {
        let little = [&[2, 0, 4, 0, 2, 0, 0, 0, 1, 0, 5, 0][..], b"drops\0\0\0", &[0; 4]].concat();
        let big = [&[0, 2, 0, 4, 0, 0, 0, 1, 0, 1, 0, 2][..], b"ok\0\0"].concat();
        let remarks = Remarks::of(&little, Order::Little);
        assert_eq!(
            (remarks.comment.as_deref(), remarks.direction),
            (Some("drops"), Some(Direction::Outbound))
        );
        let remarks = Remarks::of(&big, Order::Big);
        assert_eq!((remarks.comment.as_deref(), remarks.direction), (Some("ok"), Some(Direction::Inbound)));
    }

    #[test]
    fn an_option_that_is_cut_ends_them() {
        for cut in [&[1, 0, 9, 0, b'a'][..], &[1, 0, 1], &[]] {
            assert_eq!(Remarks::of(cut, Order::Little), Remarks::default());
        }
    }
}
