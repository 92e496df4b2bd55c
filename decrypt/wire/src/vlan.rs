//! VLAN tags: IEEE 802.1Q, 802.1ad, and stacks of them.

use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, EtherType, bytes};

/// Tags followed in one frame.
pub const MAX_TAGS: usize = 8;

/// The tags between a frame's first type field and what it carries; usually none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack<'a> {
    tags: &'a [Tag],
    ethertype: EtherType,
    payload: &'a [u8],
}

impl<'a> Stack<'a> {
    /// Takes the tags off `payload`, whose type field said `ethertype`.
    ///
    /// # Errors
    /// [`Error::Truncated`] inside a tag, [`Error::TooDeep`] behind [`MAX_TAGS`] of them.
    pub fn parse(ethertype: EtherType, payload: &'a [u8]) -> Result<Self, Error> {
        let mut last = ethertype;
        let mut rest = payload;
        let mut depth = 0;
        while last.is_vlan() {
            if depth == MAX_TAGS {
                return Err(Error::TooDeep { limit: MAX_TAGS });
            }
            let (tag, behind) = bytes::header::<Tag>(rest)?;
            last = tag.ethertype();
            rest = behind;
            depth += 1;
        }
        let (tags, _) = <[Tag]>::ref_from_prefix_with_elems(payload, depth)
            .map_err(|_| Error::Truncated { need: depth * size_of::<Tag>(), have: payload.len() })?;
        Ok(Self { tags, ethertype: last, payload: bytes::trim(rest, last.as_length()) })
    }

    /// The tags, outermost first.
    pub fn tags(&self) -> &'a [Tag] {
        self.tags
    }

    /// What the payload is, behind all tags.
    pub fn ethertype(&self) -> EtherType {
        self.ethertype
    }

    /// What follows the last tag.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// One tag as it lies behind its own type field: control information, then the next type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Tag {
    /// Priority (3 bits), drop eligible (1), VLAN identifier (12).
    pub control: U16,
    /// [`EtherType`] of what follows.
    pub next: U16,
}

const _: () = assert!(size_of::<Tag>() == 4);

impl Tag {
    /// VLAN identifier; 0 is a priority tag.
    pub fn id(&self) -> u16 {
        self.control.get() & 0x0fff
    }

    /// Priority code point, 0 to 7.
    pub fn priority(&self) -> u8 {
        self.control.to_bytes()[0] >> 5
    }

    /// Whether the frame may be dropped first.
    pub fn drop_eligible(&self) -> bool {
        self.control.get() & 0x1000 != 0
    }

    /// What follows the tag.
    pub fn ethertype(&self) -> EtherType {
        EtherType(self.next.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untagged_frame_has_an_empty_stack() {
        let stack = Stack::parse(EtherType::IPV4, &[0x45]).unwrap();
        assert_eq!(
            (stack.tags().len(), stack.ethertype(), stack.payload()),
            (0, EtherType::IPV4, &[0x45][..])
        );
    }

    #[test]
    fn service_and_customer_tags_come_off_in_order() {
        let bytes = [0xb0, 0x64, 0x81, 0x00, 0x0f, 0xff, 0x08, 0x00, 0x45];
        let stack = Stack::parse(EtherType::SERVICE_VLAN, &bytes).unwrap();
        let [outer, inner] = stack.tags() else { panic!("{stack:?}") };
        assert_eq!((outer.id(), outer.priority(), outer.drop_eligible()), (100, 5, true));
        assert_eq!((inner.id(), inner.priority(), inner.drop_eligible()), (4095, 0, false));
        assert_eq!((stack.ethertype(), stack.payload()), (EtherType::IPV4, &[0x45][..]));
    }

    #[test]
    fn a_tag_cut_in_the_middle_is_truncated() {
        assert_eq!(Stack::parse(EtherType::VLAN, &[0, 1, 8]), Err(Error::Truncated { need: 4, have: 3 }));
    }

    #[test]
    fn endless_tags_are_given_up() {
        let bytes = [[0, 1, 0x91, 0]; MAX_TAGS + 1].concat();
        assert_eq!(Stack::parse(EtherType::OLD_QINQ, &bytes), Err(Error::TooDeep { limit: MAX_TAGS }));
    }
}
