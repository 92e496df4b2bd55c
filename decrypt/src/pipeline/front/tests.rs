use std::io::Cursor;

use wgtrace_wire::wireguard::{CookieReply, Initiation, Response};
use zerocopy::{FromZeros as _, IntoBytes as _};

use super::*;
use crate::key::{PresharedKey, PrivateKey, PublicKey};
use crate::keylog::{NoKeyLog, write_ephemeral};
use crate::keypair::{Keypair, message_len};
use crate::noise::{Initiator, Responder, Tai64n};
use crate::pipeline::{Encoder, Report, Totals};
use crate::secrets::Fault;
use crate::sessions;

#[test]
fn handshakes_before_the_second_reading_are_counted_once() {
    let Handshake { initiation, response, .. } = Handshake::new(1);
    let cookie = CookieReply { kind: CookieReply::TYPE, ..CookieReply::new_zeroed() };
    let unknown = Handshake::with_indices(2, 7, 8).data();
    let capture = capture(&[initiation.as_bytes(), cookie.as_bytes(), response.as_bytes(), &unknown]);
    let (_, counts) = decrypt(&capture);
    assert_eq!((counts.initiations, counts.responses), (1, 1));
    assert_eq!((counts.cookie_replies, counts.duplicates), (1, 0));
}

#[test]
fn a_later_handshake_under_the_same_index_opens_what_came_before_it() {
    // Both responders chose one index; a message of nobody's in between makes the front read ahead.
    let (mut first, mut second) = (Handshake::new(1), Handshake::new(2));
    let (early, nobodys) = (first.data(), Handshake::with_indices(3, 7, 8).data());
    let capture = capture(&[
        first.initiation.as_bytes(),
        first.response.as_bytes(),
        &early,
        &nobodys,
        &second.data(),
        second.initiation.as_bytes(),
        second.response.as_bytes(),
    ]);
    let (totals, _) = decrypt(&capture);
    assert_eq!((totals.opened.messages(), totals.failed), (2, 1));
}

#[test]
fn many_secrets_blocks_cost_no_more_than_what_they_hold_and_few_complaints() {
    const BLOCKS: usize = 3000;
    let keys = (1..).map(|n: u32| PublicKey::from_bytes(std::array::from_fn(|at| n.to_le_bytes()[at % 4])));
    let blocks = keys.take(BLOCKS).map(|key| secrets_block(&format!("PublicKey = {key}\nodd\nodd\n")));
    let capture: Vec<u8> = SECTION.into_iter().chain(blocks.flatten()).collect();
    let again = Cursor::new(capture.clone());
    let mut front =
        Front::new(Cursor::new(capture), Box::new(move || Ok(again.clone())), Secrets::new()).unwrap();
    front.gather().unwrap();
    assert_eq!(front.sessions().secrets().publics().len(), BLOCKS);
    let complaints = front.take_complaints();
    assert_eq!(complaints.len(), 65);
    assert_eq!(complaints[64].fault, Fault::More(2 * BLOCKS - 64));
    assert!(front.take_complaints().is_empty());
}

const SECTION: [u8; 28] = [
    0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 28, 0, 0, 0,
];

fn secrets_block(text: &str) -> Vec<u8> {
    let word = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let padded = text.len().next_multiple_of(4);
    let mut block = [word(10), word(20 + padded), *b"LKGW", word(text.len())].concat();
    block.extend_from_slice(text.as_bytes());
    block.resize(16 + padded, 0);
    block.extend(word(20 + padded));
    block
}

/// A handshake between two fixed peers.
struct Handshake {
    initiation: Initiation,
    response: Response,
    initiator: Keypair,
}

impl Handshake {
    fn new(n: u8) -> Self {
        Self::with_indices(n, u32::from(n), 1000)
    }

    fn with_indices(n: u8, initiator: u32, responder: u32) -> Self {
        let (psk, time) = (PresharedKey::NONE, Tai64n::from_unix_nanos(i64::from(n)));
        let [local, remote, ephemeral, other] =
            [0xa0, 0xb0, n, 0x80 | n].map(|n| PrivateKey::from_bytes([n; 32]));
        let index = SessionIndex(initiator);
        let (pending, initiation) =
            Initiator::start(&local, &remote.public(), &psk, index, ephemeral, time, &NoKeyLog).unwrap();
        let received = Responder::receive(&remote, &initiation).unwrap();
        let (response, _) = received.respond(&psk, SessionIndex(responder), &other, &NoKeyLog).unwrap();
        let initiator = pending.finish(&response, &NoKeyLog).unwrap();
        Self { initiation, response, initiator }
    }

    fn data(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; message_len(0, 1420)];
        self.initiator.seal(&mut buffer, 0, 1420).unwrap().to_vec()
    }
}

/// Decrypts with the responder's keys, in one chunk.
fn decrypt(capture: &[u8]) -> (Totals, sessions::Counts) {
    let mut secrets = Secrets::new();
    let key = |n: u8| PrivateKey::from_bytes([n; 32]);
    let mut lines = format!("LOCAL_STATIC_PRIVATE_KEY = {}\n", *key(0xb0).expose_base64());
    for n in 1..3 {
        write_ephemeral(&mut lines, &key(0x80 | n), &PresharedKey::NONE).unwrap();
    }
    assert_eq!(secrets.add(lines.as_bytes(), "test"), []);
    let (source, again) = (Cursor::new(capture.to_vec()), capture.to_vec());
    let mut front = Front::new(source, Box::new(move || Ok(Cursor::new(again.clone()))), secrets).unwrap();
    let (mut batch, mut report) = (Batch::new(), Report::new());
    while front.next(&mut batch).unwrap() {
        batch.open(&Encoder::discard(), &mut |receiver| front.late_slots(receiver)).unwrap();
        report.absorb(&batch);
    }
    (report.totals(), front.sessions().counts())
}

/// Bare IPv4 packets with one datagram each.
fn capture(datagrams: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for datagram in datagrams {
        let len = u16::try_from(datagram.len() + 28).unwrap();
        out.extend([0; 8]);
        out.extend([u32::from(len).to_le_bytes(); 2].concat());
        out.extend([&[0x45, 0], &len.to_be_bytes()[..], &[0, 0, 0, 0, 64, 17, 0, 0]].concat());
        out.extend([192, 0, 2, 1, 198, 51, 100, 1, 0xca, 0x6c, 0xca, 0x6c]);
        out.extend([&(len - 20).to_be_bytes()[..], &[0, 0], datagram].concat());
    }
    out
}
