mod cast;

use std::cell::RefCell;

use proptest::prelude::*;
use wgtrace_wire::wireguard::{Initiation, Response, SessionIndex};
use zerocopy::FromBytes as _;

use super::cookie::{Cookie, CookieKey};
use super::mac::Mac1Key;
use super::*;
use crate::key::PresharedKey;
use crate::keylog::{HandshakeKeys, KeyLog, NoKeyLog, SessionKeys, write_handshake};
use crate::keypair::{Keypair, Role, message_len};

use cast::{Cast, EPHEMERAL_I, EPHEMERAL_R, STATIC_I, STATIC_R, TIME, arbitrary_cast};

fn carry(from: &mut Keypair, to: &mut Keypair, packet: &[u8]) {
    let mut buffer = vec![0; message_len(packet.len(), 1420)];
    buffer[16..16 + packet.len()].copy_from_slice(packet);
    let message = from.seal(&mut buffer, packet.len(), 1420).unwrap();
    assert!(to.open(message).unwrap().starts_with(packet));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_ends_meet_and_observers_agree(cast in arbitrary_cast(), packet: Vec<u8>) {
        let mut shaken = cast.shake(&NoKeyLog);
        carry(&mut shaken.initiator, &mut shaken.responder, &packet);
        carry(&mut shaken.responder, &mut shaken.initiator, &packet);
        for set in [STATIC_I | EPHEMERAL_I, STATIC_R | EPHEMERAL_R] {
            let session = cast.observe(&shaken, set, std::slice::from_ref(&cast.psk)).unwrap();
            prop_assert_eq!(&session.initiator_to_responder, &shaken.initiator.keys().send);
            prop_assert_eq!(&session.responder_to_initiator, &shaken.responder.keys().send);
        }
    }

    #[test]
    fn any_bytes_are_survived(initiation in prop::collection::vec(any::<u8>(), 148), response in prop::collection::vec(any::<u8>(), 92)) {
        let cast = Cast::new(1);
        let initiation = Initiation::ref_from_bytes(&initiation).unwrap();
        let response = Response::ref_from_bytes(&response).unwrap();
        prop_assert!(Responder::receive(&cast.responder, initiation).is_err());
        let keys = cast.known(0b1111);
        prop_assert!(ObservedInitiation::observe(initiation, &cast.responder.public(), &keys).is_err());
        let (pending, sent) = cast.start(&NoKeyLog);
        let mut response = *response;
        prop_assert!(pending.finish(&response, &NoKeyLog).is_err());
        response.receiver = sent.sender;
        prop_assert!(pending.finish(&response, &NoKeyLog).is_err());
        let observed = ObservedInitiation::observe(&sent, &cast.responder.public(), &keys).unwrap();
        prop_assert!(observed.complete(&response, &keys, [&cast.psk]).is_err());
    }

    #[test]
    fn any_changed_bit_of_a_handshake_is_noticed(at in 4_usize..116, bit in 0..8) {
        let cast = Cast::new(1);
        let shaken = cast.shake(&NoKeyLog);
        let mut bytes = zerocopy::IntoBytes::as_bytes(&shaken.initiation).to_vec();
        bytes[at] ^= 1_u8 << bit;
        let changed = Initiation::ref_from_bytes(&bytes).unwrap();
        prop_assert!(!Mac1Key::new(&cast.responder.public()).verify(changed));
        // The index is covered by mac1 alone.
        prop_assert_eq!(Responder::receive(&cast.responder, changed).is_ok(), at < 8);
    }
}

#[test]
fn every_set_of_keys_suffices_or_names_the_missing_one() {
    let cast = Cast::new(40);
    let shaken = cast.shake(&NoKeyLog);
    let exchanges = [
        (EPHEMERAL_I | STATIC_R, Agreement::EphemeralStatic),
        (STATIC_I | STATIC_R, Agreement::StaticStatic),
        (EPHEMERAL_I | EPHEMERAL_R, Agreement::EphemeralEphemeral),
        (STATIC_I | EPHEMERAL_R, Agreement::StaticEphemeral),
    ];
    let mut sufficient = Vec::new();
    for set in 0..16 {
        let missing = exchanges.iter().find(|(either, _)| set & either == 0).map(|(_, exchange)| *exchange);
        let result = cast.observe(&shaken, set, &[PresharedKey::NONE, cast.psk.clone()]);
        if let Some(exchange) = missing {
            assert_eq!(result, Err(ObserveError::MissingKey(exchange)), "{set:04b}");
        } else {
            let session = result.unwrap();
            assert_eq!(session.initiator_to_responder, shaken.responder.keys().receive);
            assert_eq!(session.responder_to_initiator, shaken.initiator.keys().receive);
            assert_eq!(session.psk, cast.psk);
            sufficient.push(set);
        }
    }
    assert_eq!(sufficient, [0b0101, 0b0111, 0b1010, 0b1011, 0b1101, 0b1110, 0b1111]);
}

#[test]
fn two_static_keys_open_the_initiation_and_no_session() {
    let cast = Cast::new(40);
    let shaken = cast.shake(&NoKeyLog);
    let keys = cast.known(STATIC_I | STATIC_R);
    let observed = ObservedInitiation::observe(&shaken.initiation, &cast.responder.public(), &keys).unwrap();
    assert_eq!(*observed.initiator(), cast.initiator.public());
    assert_eq!(*observed.responder(), cast.responder.public());
    assert_eq!(observed.timestamp().to_unix_nanos(), Some(TIME));
    let missing = Err(ObserveError::MissingKey(Agreement::EphemeralEphemeral));
    assert_eq!(observed.complete(&shaken.response, &keys, [&cast.psk]), missing);
}

#[test]
fn observer_names_what_does_not_fit() {
    let cast = Cast::new(40);
    let shaken = cast.shake(&NoKeyLog);
    let keys = cast.known(0b1111);
    let responder = cast.responder.public();
    let observe = |message: &Initiation| ObservedInitiation::observe(message, &responder, &keys).map(|_| ());

    let no_psk = cast.observe(&shaken, 0b1111, &[PresharedKey::NONE, PresharedKey::from_bytes([9; 32])]);
    assert_eq!(no_psk, Err(ObserveError::NoPresharedKeyFits { tried: 2 }));

    let other = cast.initiator.public();
    let wrong_responder = ObservedInitiation::observe(&shaken.initiation, &other, &keys).map(|_| ());
    assert_eq!(wrong_responder, Err(ObserveError::StaticUndecryptable));

    let mut damaged = shaken.initiation;
    damaged.encrypted_timestamp[0] ^= 1;
    let initiator = cast.initiator.public();
    assert_eq!(observe(&damaged), Err(ObserveError::TimestampUndecryptable { initiator }));

    let mut low_order = shaken.initiation;
    low_order.ephemeral = [0; 32];
    assert_eq!(observe(&low_order), Err(ObserveError::LowOrderPoint(Agreement::EphemeralStatic)));

    let mut other_session = shaken.response;
    other_session.receiver = 12.into();
    let observed = ObservedInitiation::observe(&shaken.initiation, &responder, &keys).unwrap();
    let mismatch = ObserveError::OtherReceiver { need: SessionIndex(11), have: SessionIndex(12) };
    assert_eq!(observed.complete(&other_session, &keys, [&cast.psk]), Err(mismatch));
}

#[test]
fn wrong_response_leaves_the_handshake_pending() {
    let cast = Cast::new(7);
    let (pending, initiation) = cast.start(&NoKeyLog);
    let answer = |psk: &PresharedKey| {
        let received = Responder::receive(&cast.responder, &initiation).unwrap();
        received.respond(psk, SessionIndex(22), &cast.responder_ephemeral, &NoKeyLog).unwrap().0
    };
    let mut elsewhere = answer(&cast.psk);
    elsewhere.receiver = 12.into();
    let mut low_order = answer(&cast.psk);
    low_order.ephemeral = [0; 32];
    let refused = |response: &Response| pending.finish(response, &NoKeyLog).map(|_| ()).unwrap_err();
    assert_eq!(refused(&answer(&PresharedKey::NONE)), HandshakeError::NothingUndecryptable);
    let mismatch = HandshakeError::OtherReceiver { need: SessionIndex(11), have: SessionIndex(12) };
    assert_eq!(refused(&elsewhere), mismatch);
    assert_eq!(refused(&low_order), HandshakeError::LowOrderPoint(Agreement::EphemeralEphemeral));
    assert!(pending.finish(&answer(&cast.psk), &NoKeyLog).is_ok());
}

#[test]
fn low_order_peer_is_refused_before_anything_is_sent() {
    let cast = Cast::new(7);
    let remote = PublicKey::from_bytes([0; 32]);
    let time = Tai64n::from_unix_nanos(TIME);
    let ephemeral = cast.initiator_ephemeral.clone();
    let started =
        Initiator::start(&cast.initiator, &remote, &cast.psk, SessionIndex(1), ephemeral, time, &NoKeyLog);
    assert_eq!(started.map(|_| ()).unwrap_err(), HandshakeError::LowOrderPoint(Agreement::EphemeralStatic));
}

#[test]
fn macs_ignore_the_reserved_bytes_and_nothing_else() {
    let cast = Cast::new(7);
    let (key, cookie) =
        (Mac1Key::new(&cast.responder.public()), Cookie::new(&[1; 32], &[10, 0, 0, 1, 4, 210]));
    let (_, mut message) = cast.start(&NoKeyLog);
    assert!(!cookie.verify(&message));
    cookie.seal(&mut message);
    message.reserved = [1, 2, 3];
    assert!(key.verify(&message) && cookie.verify(&message));
    assert!(!Cookie::new(&[1; 32], &[10, 0, 0, 1, 4, 211]).verify(&message));
    message.mac1[0] ^= 1;
    assert!(!key.verify(&message) && !cookie.verify(&message));
}

#[test]
fn cookie_opens_only_with_the_answered_messages_mac1() {
    let cast = Cast::new(7);
    let (_, message) = cast.start(&NoKeyLog);
    let (key, cookie) = (CookieKey::new(&cast.responder.public()), Cookie::new(&[1; 32], &[10, 0, 0, 1]));
    let mut reply = key.reply(&cookie, SessionIndex(11), &message.mac1, [9; 24]).unwrap();
    assert_eq!(key.open(&reply, &message.mac1), Ok(cookie));
    assert!(key.open(&reply, &[0; 16]).is_err());
    assert!(CookieKey::new(&cast.initiator.public()).open(&reply, &message.mac1).is_err());
    reply.encrypted_cookie[31] ^= 1;
    assert!(key.open(&reply, &message.mac1).is_err());
}

#[derive(Default)]
struct Recorder {
    text: RefCell<String>,
    sessions: RefCell<Vec<SessionKeys>>,
}

impl KeyLog for Recorder {
    fn handshake(&self, keys: &HandshakeKeys<'_>) {
        write_handshake(&mut *self.text.borrow_mut(), keys).unwrap();
    }

    fn session(&self, keys: &SessionKeys) {
        self.sessions.borrow_mut().push(keys.clone());
    }
}

#[test]
fn key_log_hears_every_key_once_and_before_its_message_is_out() {
    let cast = Cast::new(7);
    let log = Recorder::default();
    let (_, _) = cast.start(&log);
    let started = log.text.borrow().clone();
    assert!(started.contains(&*cast.initiator_ephemeral.expose_base64()));
    assert!(started.ends_with(&format!("PRESHARED_KEY = {}\n", *cast.psk.expose_base64())));
    assert!(log.sessions.borrow().is_empty());

    let log = Recorder::default();
    let shaken = cast.shake(&log);
    assert_eq!(log.text.borrow().matches("LOCAL_EPHEMERAL_PRIVATE_KEY").count(), 2);
    assert!(log.text.borrow().contains(&*cast.responder_ephemeral.expose_base64()));
    let sessions = log.sessions.borrow();
    let [responder, initiator] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
    assert_eq!(responder, shaken.responder.keys());
    assert_eq!(initiator, shaken.initiator.keys());
    assert_eq!((responder.role, initiator.role), (Role::Responder, Role::Initiator));
    assert_eq!((responder.local, responder.remote), (initiator.remote, initiator.local));
    assert_eq!((responder.peer, initiator.peer), (cast.initiator.public(), cast.responder.public()));
}
