use super::view::View;
use super::{Address, End, Headers, MAX_EXTENSIONS};
use crate::Packet;

/// Takes an IPv4 header, which begins with `start`, off `view`; the protocol behind it.
#[inline(always)]
pub(super) fn v4<P: Packet + ?Sized>(
    view: &mut View<'_, P>,
    start: &[u8; 20],
    headers: &mut Headers,
) -> Result<Option<u8>, End> {
    let &[first, _, total_high, total_low, _, _, part_high, part_low, _, protocol, _, _, ref ends @ ..] =
        start;
    let &[s0, s1, s2, s3, d0, d1, d2, d3] = ends;
    let header_len = usize::from(first & 0x0f) * 4;
    if header_len < 20 {
        return Err(End::BadLength);
    }
    view.needs(header_len)?;
    // 0 in a segment of more than 65535 bytes: the frame's own length counts.
    let total_len = usize::from(u16::from_be_bytes([total_high, total_low]));
    if total_len != 0 {
        if total_len < header_len {
            return Err(End::BadLength);
        }
        view.claim(total_len);
    }
    headers.source = Address::v4([s0, s1, s2, s3]);
    headers.destination = Address::v4([d0, d1, d2, d3]);
    headers.known |= Headers::ADDRESSES;
    let part = u16::from_be_bytes([part_high, part_low]);
    if part & 0x1fff != 0 {
        headers.known |= Headers::LATER_FRAGMENT;
    } else if part & 0x2000 != 0 {
        headers.known |= Headers::FIRST_FRAGMENT;
    }
    view.skip(header_len);
    Ok(Some(protocol))
}

/// Takes an IPv6 header and its extension headers off `view`; the protocol behind them, which not every
/// later fragment tells.
#[inline(always)]
pub(super) fn v6<P: Packet + ?Sized>(
    view: &mut View<'_, P>,
    headers: &mut Headers,
) -> Result<Option<u8>, End> {
    view.needs(40)?;
    let [_, _, _, _, len_high, len_low, next, _] = view.read(0)?;
    headers.source = Address(view.read(8)?);
    headers.destination = Address(view.read(24)?);
    headers.known |= Headers::ADDRESSES;
    view.skip(40);
    let len = usize::from(u16::from_be_bytes([len_high, len_low]));
    // 0 in a jumbogram or a large segment: the frame's own length counts.
    if len != 0 || next == NOTHING {
        view.claim(len);
    }
    extensions(view, next, headers)
}

#[inline(always)]
fn extensions<P: Packet + ?Sized>(
    view: &mut View<'_, P>,
    mut next: u8,
    headers: &mut Headers,
) -> Result<Option<u8>, End> {
    for _ in 0..MAX_EXTENSIONS {
        if !is_extension(next) {
            return Ok(Some(next));
        }
        let [following, len] = view.read(0)?;
        let size = match next {
            FRAGMENT => 8,
            AUTHENTICATION => (usize::from(len) + 2) * 4,
            _ => (usize::from(len) + 1) * 8,
        };
        view.needs(size)?;
        if next == FRAGMENT {
            let part = u16::from_be_bytes(view.read(2)?);
            if part & 0xfff8 != 0 {
                headers.known |= Headers::LATER_FRAGMENT;
                // What follows need not be the extension header that it is announced as.
                return Ok((!is_extension(following)).then_some(following));
            }
            if part & 1 != 0 {
                headers.known |= Headers::FIRST_FRAGMENT;
            }
        }
        next = following;
        view.skip(size);
    }
    if is_extension(next) { Err(End::TooDeep) } else { Ok(Some(next)) }
}

#[inline(always)]
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION_OPTIONS)
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const NOTHING: u8 = 59;
const DESTINATION_OPTIONS: u8 = 60;
