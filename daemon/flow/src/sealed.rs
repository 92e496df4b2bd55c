//! A look at what is inside of WireGuard's ciphertext, for who has the session's key.
//!
//! The cipher is a stream: headers can be read without the rest of the message, and of a message that was captured in
//! part only headers can be read at all. **Nothing of it is authenticated.** What is read may have been sent by
//! anybody who saw one message of the session and changed it; it serves to count and to join packets, and no decision
//! is to be made by it. Of a super-frame of messages, the first is looked at.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use wgtrace_abi::PacketEvent;
use wgtrace_decrypt::key::TransportKey;
use wgtrace_wire::Ip;
use wgtrace_wire::wireguard::{Counter, TransportHeader};

use crate::decode::inner;
use crate::packet::{Packet, Transport, WireGuard};

/// Most bytes that are looked at: IPv6 with every option of TCP, and some.
pub const MOST: usize = 128;

/// Reads the packet in the message that `packet` carries as far as it was captured, if `key` is what it is sealed with.
///
/// `room` is written over, and holds plaintext when this returns. The event of the packet returned is that of the outer
/// one, with the inner one's length, neither a link layer nor segments.
pub fn look<'r>(packet: &Packet<'_>, key: &TransportKey, room: &'r mut [u8; MOST]) -> Option<Packet<'r>> {
    let Transport::Udp(datagram) = &packet.transport else { return None };
    let Some(WireGuard::TransportData { counter, sealed_len, .. }) = datagram.wireguard else { return None };
    let sealed = datagram.udp.payload().get(TransportHeader::LEN..)?;
    let len = sealed.len().min(sealed_len).min(MOST);
    let bytes = room.get_mut(..len)?;
    bytes.copy_from_slice(sealed.get(..len)?);
    keystream(key, counter).try_apply_keystream(bytes).ok()?;
    let total = Ip::parse(bytes).ok()?.packet_len()?;
    // another key gives noise: one in some thousands looks like an IP packet of this length
    if sealed_len.checked_sub(total)? >= PADDING {
        return None;
    }
    let mut event = packet.event;
    event.flags = PacketEvent::L3;
    event.len = u32::try_from(total).ok()?;
    event.captured = u16::try_from(len.min(total)).ok()?;
    (event.gso_size, event.gso_segs, event.vlan_tci, event.vlan_protocol) = (0, 0, 0, 0);
    Some(inner(event, packet.hook, room.get(..len.min(total))?, total))
}

/// At the first byte of what is sealed.
fn keystream(key: &TransportKey, Counter(counter): Counter) -> ChaCha20 {
    let mut nonce = [0; 12];
    let [_, _, _, _, place @ ..] = &mut nonce;
    *place = counter.to_le_bytes();
    let mut cipher = ChaCha20::new(key.expose().into(), &nonce.into());
    // RFC 8439 2.8: block 0 is the key of the authenticator
    cipher.seek(BLOCK);
    cipher
}

const BLOCK: u64 = 64;
/// Packets are filled up to a multiple of this (whitepaper 5.4.6).
const PADDING: usize = 16;
