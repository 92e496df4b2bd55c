//! UDP GSO and GRO super-frames: several WireGuard messages in one captured datagram.
//!
//! All segments are equally long but for the last, which may be shorter; they name one receiver
//! and, but for reordering before GRO, count upwards.

use memchr::memmem;
use wgtrace_wire::wireguard::{TAG_LEN, TransportHeader};
use zerocopy::FromBytes as _;

/// Datagrams longer than this are taken for super-frames before they are tried as one message.
pub(super) const LIKELY: usize = 2048;
/// Least transport message: header and tag.
const LEAST: usize = TransportHeader::LEN + TAG_LEN;
/// How far the second segment's counter may be from the first's.
const REORDER: u64 = 8192;
/// Occurrences of the header's first half looked at before giving up.
const TRIES: usize = 8;

/// Possible segment lengths of `payload`, most likely first: where its own header comes again with
/// a counter near by. The AEAD decides.
pub(super) fn segment_lengths(payload: &[u8]) -> impl Iterator<Item = usize> {
    let header = TransportHeader::ref_from_prefix(payload).ok().map(|(header, _)| *header);
    let prefix = payload.get(..8);
    let rest = payload.get(LEAST..).unwrap_or_default();
    prefix
        .zip(header)
        .into_iter()
        .flat_map(move |(prefix, header)| {
            memmem::find_iter(rest, prefix).take(TRIES).map(move |at| (LEAST + at, header))
        })
        .filter(|(length, header)| {
            let next = payload.get(*length..).and_then(|at| TransportHeader::ref_from_prefix(at).ok());
            next.is_some_and(|(next, _)| next.counter.get().abs_diff(header.counter.get()) <= REORDER)
        })
        .map(|(length, _)| length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(counter: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![4, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde];
        bytes.extend(counter.to_le_bytes());
        bytes.resize(len, 0xaa);
        bytes
    }

    #[test]
    fn the_second_header_gives_the_segment_length() {
        let frame: Vec<u8> =
            (7..12).flat_map(|counter| message(counter, if counter == 11 { 48 } else { 112 })).collect();
        assert_eq!(segment_lengths(&frame).next(), Some(112));
    }

    #[test]
    fn a_single_message_has_no_segments() {
        assert_eq!(segment_lengths(&message(7, 1452)).next(), None);
        assert_eq!(segment_lengths(&[4, 0, 0]).next(), None);
    }

    #[test]
    fn ciphertext_that_looks_like_a_far_away_header_is_passed_over() {
        let mut frame = message(7, 64);
        frame.extend(message(1 << 40, 64));
        assert_eq!(segment_lengths(&frame).next(), None);
    }
}
