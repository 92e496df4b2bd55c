//! IPv6 extension headers (RFC 8200, 4; RFC 4302).

use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ip::{Fragment, Protocol, Upper};
use crate::option::RawOption;
use crate::{Error, bytes};

/// Extension headers followed in one packet.
pub const MAX_EXTENSIONS: usize = 16;

/// Walks to what `payload`, which starts with the header `next`, carries in the end.
///
/// A fragment header of a true fragment ends the walk: what follows is part of a datagram, and may
/// start anywhere. When the fragment is the first, or once it is reassembled, walk on from there.
pub fn upper(next: Protocol, payload: &[u8], claimed_len: Option<usize>) -> Result<Upper<'_>, Error> {
    let mut chain = Chain::new(next, payload);
    let mut fragment = None;
    for extension in chain.by_ref() {
        if let Extension::Fragment(header) = extension? {
            fragment = Some(header.fragment()).filter(|fragment| fragment.is_partial());
        }
        if fragment.is_some() {
            break;
        }
    }
    let walked = payload.len() - chain.rest.len();
    Ok(Upper {
        protocol: chain.next,
        offset: walked,
        payload: chain.rest,
        claimed_len: claimed_len.map(|len| len.saturating_sub(walked)),
        fragment,
    })
}

/// One extension header.
#[derive(Debug, Clone)]
pub enum Extension<'a> {
    /// Options for every router on the way.
    HopByHop(Options<'a>),
    /// Routing header: routing type, segments left and data, without next header and length.
    Routing(&'a [u8]),
    /// Options for the destination.
    DestinationOptions(Options<'a>),
    /// What follows is a fragment.
    Fragment(&'a FragmentHeader),
    /// Authentication header, without next header and length.
    Authentication(&'a [u8]),
}

/// Walks extension headers; ends at the first that is none, or with one error.
#[derive(Debug, Clone)]
pub struct Chain<'a> {
    next: Protocol,
    rest: &'a [u8],
    seen: usize,
}

impl<'a> Chain<'a> {
    /// Walks `bytes`, which start with the header `next`.
    pub fn new(next: Protocol, bytes: &'a [u8]) -> Self {
        Self { next, rest: bytes, seen: 0 }
    }

    fn take(&mut self) -> Result<Option<Extension<'a>>, Error> {
        if !self.next.is_extension() {
            return Ok(None);
        }
        if self.seen == MAX_EXTENSIONS {
            return Err(Error::TooDeep { limit: MAX_EXTENSIONS });
        }
        let &[next, len, ..] = self.rest else {
            return Err(Error::Truncated { need: 8, have: self.rest.len() });
        };
        let len = match self.next {
            Protocol::FRAGMENT => size_of::<FragmentHeader>(),
            Protocol::AUTHENTICATION => (usize::from(len) + 2) * 4,
            _ => (usize::from(len) + 1) * 8,
        };
        let (header, rest) = bytes::split(self.rest, len)?;
        let body = header.get(2..).unwrap_or_default();
        let extension = match self.next {
            Protocol::FRAGMENT => Extension::Fragment(bytes::header(header)?.0),
            Protocol::AUTHENTICATION => Extension::Authentication(body),
            Protocol::ROUTING => Extension::Routing(body),
            Protocol::HOP_BY_HOP => Extension::HopByHop(Options { rest: body }),
            _ => Extension::DestinationOptions(Options { rest: body }),
        };
        self.next = Protocol(next);
        self.rest = rest;
        self.seen += 1;
        Ok(Some(extension))
    }
}

impl<'a> Iterator for Chain<'a> {
    type Item = Result<Extension<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.take();
        if item.is_err() {
            self.next = Protocol::NONE;
        }
        item.transpose()
    }
}

impl core::iter::FusedIterator for Chain<'_> {}

/// The fragment header (RFC 8200, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct FragmentHeader {
    /// [`Protocol`] at the start of the datagram's fragmentable part.
    pub next_header: u8,
    /// Zero.
    pub reserved: u8,
    /// Offset in units of 8 bytes (13 bits), reserved (2), more fragments (1).
    pub offset_more: U16,
    /// Identification.
    pub id: U32,
}

impl FragmentHeader {
    /// The fragment's place in its datagram.
    pub fn fragment(&self) -> Fragment {
        let field = self.offset_more.get();
        Fragment { id: self.id.get(), offset: field & 0xfff8, more: field & 1 != 0 }
    }
}

const _: () = assert!(size_of::<FragmentHeader>() == 8);

/// Walks the options of a hop-by-hop or destination options header, padding left out.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    fn take(&mut self) -> Result<Option<RawOption<'a>>, Error> {
        loop {
            match *self.rest {
                [] => return Ok(None),
                [PAD_ONE, ref rest @ ..] => self.rest = rest,
                [_] => return Err(Error::Truncated { need: 2, have: 1 }),
                [kind, len, ref rest @ ..] => {
                    let claimed = usize::from(len);
                    let (data, rest) = rest.split_at_checked(claimed).ok_or(Error::BadLength { claimed })?;
                    self.rest = rest;
                    if kind != PAD_MANY {
                        return Ok(Some(RawOption { kind, data }));
                    }
                }
            }
        }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<RawOption<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.take();
        if item.is_err() {
            self.rest = &[];
        }
        item.transpose()
    }
}

impl core::iter::FusedIterator for Options<'_> {}

const PAD_ONE: u8 = 0;
const PAD_MANY: u8 = 1;
