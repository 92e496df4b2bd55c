//! Known answers: published vectors, and a handshake between two independent implementations.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use wgtrace_decrypt::aead::{Aead, PortableKey, RingKey};
use wgtrace_decrypt::key::{self, PresharedKey, PrivateKey, PublicKey, TransportKey};
use wgtrace_decrypt::noise::mac::Mac1Key;
use wgtrace_decrypt::noise::{KeySource, ObservedInitiation};
use wgtrace_wire::wireguard::{Message, SessionIndex};

/// Frames 1, 2, 3 and 9 of `wireguard-ping-tcp.pcap`, the capture of Wireshark's decryption tests.
const INITIATION: &str = "01000000d837d0305fcec7c8e5c8e2e3f7989eef60c228d82329d602b6b1e2bb9d068f89cf9d4d4532780f6d27264f7b98701fdc27a4ec00aeb6becdbef2332f1b4084cadb93823935c012ae255e7b25eff13940c321fa6bd66a2a87b061db1430173e937f569349de2856dc5f2616763eeeafc0533b01dd965e7ec76976e28f683d671200000000000000000000000000000000";
const RESPONSE: &str = "0200000006f47dabd837d030b18d5550bd4042a37a46823ac08db1ec66839bc0ca2d64bc15cd80232b66232faec24af8918de1060ff5c98e865d5f35f272214c5260110dc4c61e32cdd8542100000000000000000000000000000000";
const PING: &str = "0400000006f47dab0000000000000000a4ebc12ee3f990da18033a0789c04e2700f6f5c271d42ac4b4d6262e666549b445a7436e829bffb6ac65f05648bc0c391fe7c5884874376127164940188f03dba67af8388eaab76c593628bf9dc7be03346d912e916dad862545454701364f2d2486d7ced4c8642ce547ddb26ef6a46b";
const KEEPALIVE: &str = "0400000006f47dab03000000000000001956e2b6651dd4f59cb23092a0d09671";

const INITIATOR_STATIC: &str = "AKeZaHwBxjiKLFnkY2unvEdOTtg4AL+M9dQXfopFVFk=";
const INITIATOR_EPHEMERAL: &str = "sLGLJSOQfyz7JNJ5ZDzFf3Uz1rkiCMMjbWerNYcPFFU=";
const INITIATOR_PUBLIC: &str = "Igge9KzRytKNwrgkzDE/8hrLu6Ly0OqVdvOPWhA5KR4=";
const RESPONDER_STATIC: &str = "cFIxTUyBs1Qil414hBwEgvasEax8CKJ5IS5ZougplWs=";
const RESPONDER_EPHEMERAL: &str = "QC4/FZKhFf0b/eXEcCecmZNt6V6PXmRa4EWG1PIYTU4=";
const RESPONDER_PUBLIC: &str = "YDCttCs9e1J52/g9vEnwJJa+2x6RqaayAYMpSVQfGEY=";
const TO_RESPONDER: &str = "IA7buFUDsARj+YequW4OfQR3JsaE9M88dpXKrDjKzIs=";
const TO_INITIATOR: &str = "3sZ+QBcwflnvE8t4jv9qgIqIOVaXXwO1bxRo9qWB1fM=";

#[test]
fn observer_derives_the_keys_of_a_real_handshake_from_either_sides_log() {
    let responder = public(RESPONDER_PUBLIC);
    let (initiation, response) = (unhex(INITIATION), unhex(RESPONSE));
    let Ok(Message::Initiation(initiation)) = Message::parse(&initiation) else { panic!("no initiation") };
    let Ok(Message::Response(response)) = Message::parse(&response) else { panic!("no response") };
    assert!(Mac1Key::new(&responder).verify(initiation));
    assert!(Mac1Key::new(&public(INITIATOR_PUBLIC)).verify(response));
    assert!(!Mac1Key::new(&responder).verify(response));

    for log in [[INITIATOR_STATIC, INITIATOR_EPHEMERAL], [RESPONDER_STATIC, RESPONDER_EPHEMERAL]] {
        let keys = Log::new(&log);
        let observed = ObservedInitiation::observe(initiation, &responder, &keys).unwrap();
        assert_eq!(*observed.initiator(), public(INITIATOR_PUBLIC));
        assert_eq!(*observed.timestamp().as_bytes(), unhex("400000005b52647b15405610")[..]);
        assert_eq!(observed.timestamp().to_unix_nanos(), Some(1_532_126_321_356_537_872));
        let session = observed.complete(response, &keys, [&PresharedKey::NONE]).unwrap();
        assert_eq!(session.initiator_to_responder, transport(TO_RESPONDER));
        assert_eq!(session.responder_to_initiator, transport(TO_INITIATOR));
    }
}

#[test]
fn transport_messages_of_a_real_session_open() {
    opens_with::<RingKey>();
    opens_with::<PortableKey>();
}

fn opens_with<A: Aead>() {
    let key = A::new(&transport(TO_RESPONDER));
    for (message, counter, len, front) in [(PING, 0, 96, "45000054"), (KEEPALIVE, 3, 0, "")] {
        let message = unhex(message);
        let Ok(Message::TransportData(data)) = Message::parse(&message) else { panic!("no data") };
        assert_eq!(SessionIndex(data.header.receiver.get()), SessionIndex(0xab7d_f406));
        assert_eq!(data.header.counter.get(), counter);
        let mut sealed = data.sealed.to_vec();
        let plain = key.open(wgtrace_wire::wireguard::Counter(counter), &mut sealed).unwrap();
        assert_eq!(plain.len(), len);
        assert!(plain.starts_with(&unhex(front)));
    }
}

/// RFC 7748, 6.1.
#[test]
fn x25519_is_the_rfcs() {
    let private = |text: &str| PrivateKey::from_bytes(*key::parse(text).unwrap());
    let alice = private("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = private("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    assert_eq!(alice.public(), public("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
    assert_eq!(bob.public(), public("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
    let shared = key::parse("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742").unwrap();
    assert_eq!(alice.diffie_hellman(&bob.public()), Some(shared.clone()));
    assert_eq!(bob.diffie_hellman(&alice.public()), Some(shared));
}

/// Every encoding of a point whose order divides eight: 0, 1, the two of order eight, -1, and the
/// non-canonical p and p + 1.
#[test]
fn low_order_points_share_nothing() {
    let field_prime_and = |first: &str| format!("{first}{}7f", "ff".repeat(30));
    for point in [
        "00".repeat(32),
        format!("01{}", "00".repeat(31)),
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800".to_owned(),
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157".to_owned(),
        field_prime_and("ec"),
        field_prime_and("ed"),
        field_prime_and("ee"),
    ] {
        assert!(PrivateKey::from_bytes([7; 32]).diffie_hellman(&public(&point)).is_none(), "{point}");
    }
}

struct Log(Vec<(PublicKey, PrivateKey)>);

impl Log {
    fn new(keys: &[&str]) -> Self {
        let private = |text| PrivateKey::from_bytes(*key::parse(text).unwrap());
        Self(keys.iter().map(|text| (private(text).public(), private(text))).collect())
    }
}

impl KeySource for Log {
    fn private_of(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.0.iter().find(|(known, _)| known == public).map(|(_, private)| private)
    }
}

fn public(text: &str) -> PublicKey {
    PublicKey::from_bytes(*key::parse(text).unwrap())
}

fn transport(text: &str) -> TransportKey {
    TransportKey::from_bytes(*key::parse(text).unwrap())
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).unwrap();
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap())
        .collect()
}
