use super::view::View;
use super::{End, Headers, WireGuard};
use crate::Packet;

/// What the headers' protocol carries; whole, or a first fragment.
#[inline(always)]
pub(super) fn parse<P: Packet + ?Sized>(view: View<'_, P>, headers: &mut Headers) -> Result<(), End> {
    match headers.protocol {
        UDP => udp(view, headers),
        TCP => tcp(view, headers),
        ICMP | ICMPV6 => {
            let [kind, code, ..]: [u8; 8] = view.read(0)?;
            headers.icmp = [kind, code];
            headers.known |= Headers::ICMP;
            Ok(())
        }
        _ => Ok(()),
    }
}

#[inline(always)]
fn tcp<P: Packet + ?Sized>(view: View<'_, P>, headers: &mut Headers) -> Result<(), End> {
    let [s0, s1, d0, d1, _, _, _, _, _, _, _, _, offset, ..]: [u8; 20] = view.read(0)?;
    let header_len = usize::from(offset >> 4) * 4;
    if header_len < 20 {
        return Err(End::BadLength);
    }
    view.needs(header_len)?;
    ports(headers, [s0, s1], [d0, d1]);
    Ok(())
}

#[inline(always)]
fn udp<P: Packet + ?Sized>(mut view: View<'_, P>, headers: &mut Headers) -> Result<(), End> {
    let [s0, s1, d0, d1, len_high, len_low, _, _] = view.read(0)?;
    let len = usize::from(u16::from_be_bytes([len_high, len_low]));
    if len != 0 && len < 8 {
        return Err(End::BadLength);
    }
    ports(headers, [s0, s1], [d0, d1]);
    // No length, or one beyond the IP packet: the IP header's word counts. A first fragment is always
    // shorter than its datagram.
    let whole = !headers.knows(Headers::FIRST_FRAGMENT);
    let claimed = if whole && (len == 0 || len > view.claimed()) { view.claimed() } else { len };
    view.skip(8);
    if let Some(message) = wireguard(view, claimed.saturating_sub(8)) {
        headers.wireguard = message;
    }
    Ok(())
}

#[inline(always)]
fn ports(headers: &mut Headers, source: [u8; 2], destination: [u8; 2]) {
    headers.source_port = u16::from_be_bytes(source);
    headers.destination_port = u16::from_be_bytes(destination);
    headers.known |= Headers::PORTS;
}

/// The message of `len` bytes that `view` starts with (whitepaper 5.4).
#[inline(always)]
fn wireguard<P: Packet + ?Sized>(view: View<'_, P>, len: usize) -> Option<WireGuard> {
    let [kind, 0, 0, 0, a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3] = view.read(0).ok()? else {
        return None;
    };
    let first = u32::from_le_bytes([a0, a1, a2, a3]);
    let second = u32::from_le_bytes([b0, b1, b2, b3]);
    let message = WireGuard { kind, ..WireGuard::default() };
    match kind {
        1 if len == 148 => Some(WireGuard { sender: first, ..message }),
        2 if len == 92 => Some(WireGuard { sender: first, receiver: second, ..message }),
        3 if len == 64 => Some(WireGuard { receiver: first, ..message }),
        // A sealed packet is padded to 16 bytes, header and tag have 16 each.
        4 if len >= 32 && len.is_multiple_of(16) => {
            let counter = u64::from_le_bytes([b0, b1, b2, b3, c0, c1, c2, c3]);
            Some(WireGuard { receiver: first, counter, ..message })
        }
        _ => None,
    }
}

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
