//! Datagrams as an attacker on the wire makes them.

use wgtrace_decrypt::key::PublicKey;
use wgtrace_decrypt::noise::mac::{Mac1Key, Maced};
use wgtrace_wire::wireguard::{CookieReply, Initiation, Response};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::cast::outer;
use super::net::Net;
use super::script::Script;

/// A datagram of the past, changed, from anywhere to anybody.
pub fn again(net: &mut Net, script: &mut Script<'_>) {
    let (n, shape) = (script.below(net.nodes.len()), script.byte());
    let at = script.below(net.past.len().max(1));
    let Some(datagram) = net.past.get(at) else { return };
    let (mut bytes, from) = (datagram.bytes.clone(), datagram.from);
    match shape & 7 {
        0 => {}
        1 => bytes.truncate(script.byte().into()),
        2 => bytes.extend_from_slice(script.bytes()),
        3 | 4 => {
            let at = script.below(bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= script.byte();
            }
        }
        _ => field(script, &mut bytes),
    }
    if shape >> 3 & 1 == 1 {
        authenticate(&mut bytes, &net.key(n));
    }
    let source = if shape >> 4 & 3 == 3 { outer(script.below(40)) } else { from };
    let _ = net.arrive(n, source, &bytes);
}

/// Bytes of no origin, as one of the messages or as they are.
pub fn anything(net: &mut Net, script: &mut Script<'_>) {
    let (n, shape) = (script.below(net.nodes.len()), script.byte());
    let mut bytes = script.bytes().to_vec();
    let lengths = [None, Some(Initiation::LEN), Some(Response::LEN), Some(CookieReply::LEN)];
    if let Some(len) = lengths[usize::from(shape & 3)] {
        bytes.resize(len, shape);
        bytes[..4].copy_from_slice(&[shape & 3, 0, 0, 0]);
    }
    if shape >> 2 & 1 == 1 {
        authenticate(&mut bytes, &net.key(n));
    }
    let _ = net.arrive(n, outer(script.below(40)), &bytes);
}

/// One field of a message gets another value.
fn field(script: &mut Script<'_>, bytes: &mut [u8]) {
    let fields: &[(usize, usize)] = match bytes.first() {
        Some(1) => &[(1, 3), (4, 4), (8, 32), (40, 48), (88, 28), (116, 16), (132, 16)],
        Some(2) => &[(1, 3), (4, 4), (8, 4), (12, 32), (44, 16), (60, 16), (76, 16)],
        Some(3) => &[(1, 3), (4, 4), (8, 24), (32, 32)],
        _ => &[(0, 4), (4, 4), (8, 8), (16, 16)],
    };
    let Some(&(start, len)) = script.of(fields) else { return };
    let value = match script.below(6) {
        0 => 0,
        1 => 1,
        2 => 0xff,
        _ => script.byte(),
    };
    if let Some(field) = bytes.get_mut(start..start + len) {
        field.fill(value);
        // A point of low order is 1 and zeros.
        if script.flag() {
            field[1..].fill(0);
        }
    }
}

/// Writes the mac1 that anybody can make who knows the receiver's public key.
fn authenticate(bytes: &mut [u8], receiver: &PublicKey) {
    fn seal<M: Maced + FromBytes + IntoBytes + KnownLayout + Immutable>(
        bytes: &mut [u8],
        receiver: &PublicKey,
    ) {
        if let Ok(message) = M::mut_from_bytes(bytes) {
            Mac1Key::new(receiver).seal(message);
        }
    }
    match bytes.first() {
        Some(1) => seal::<Initiation>(bytes, receiver),
        Some(2) => seal::<Response>(bytes, receiver),
        _ => {}
    }
}
