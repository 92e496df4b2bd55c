//! Congestion marks through the tunnel (RFC 6040, normal mode).

use quinn_udp::EcnCodepoint;
use wgtrace_wire::checksum::internet;

/// The mark of an IP packet.
#[inline]
pub(super) fn of(packet: &[u8]) -> Option<EcnCodepoint> {
    let &[first, second, ..] = packet else { return None };
    EcnCodepoint::from_bits(if first >> 4 == 4 { second } else { second >> 4 })
}

/// Carries a mark set on the way over to the packet within, if its ends understand such marks.
// linux: include/net/inet_ecn.h, IP_ECN_set_ce
pub(super) fn set_congested(packet: &mut [u8]) {
    if of(packet).is_none() {
        return;
    }
    match packet {
        [first, tos, ..] if *first >> 4 == 4 => {
            *tos |= 3;
            let len = usize::from(*first & 0xf) * 4;
            let Some(header) = packet.get_mut(..len) else { return };
            if let Some(field) = header.get_mut(10..12) {
                field.fill(0);
            }
            let checksum = internet(&[header]).to_be_bytes();
            if let Some(field) = header.get_mut(10..12) {
                field.copy_from_slice(&checksum);
            }
        }
        [_, class, ..] => *class |= 3 << 4,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_carried_over_where_the_ends_understand_it() {
        let mut v4 = [0x45, 2, 0, 20, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        set_congested(&mut v4);
        assert_eq!((of(&v4), internet(&[&v4])), (Some(EcnCodepoint::Ce), 0));
        let mut v6 = [0x60, 0x12, 0, 0];
        set_congested(&mut v6);
        assert_eq!((of(&v6), v6[1]), (Some(EcnCodepoint::Ce), 0x32));
        let mut deaf = v4;
        deaf[1] = 0;
        set_congested(&mut deaf);
        assert_eq!(deaf[1], 0);
        set_congested(&mut []);
        set_congested(&mut [0x45, 1]);
    }
}
