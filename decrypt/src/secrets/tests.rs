use std::collections::BTreeSet;

use super::*;
use crate::capture::Timestamp;
use crate::key::TransportKey;
use crate::keylog::{HandshakeKeys, write_handshake};
use crate::keypair::Direction;

mod hostile;
mod properties;

fn private(seed: u8) -> PrivateKey {
    PrivateKey::from_bytes([seed; 32])
}

fn psk(seed: u8) -> PresharedKey {
    PresharedKey::from_bytes([seed; 32])
}

/// The base64 form of a key of `seed` bytes.
fn b64(seed: u8) -> String {
    private(seed).expose_base64().to_string()
}

fn read(text: &str) -> (Secrets, Vec<String>) {
    let mut secrets = Secrets::new();
    let complaints = secrets.add(text.as_bytes(), "keys");
    (secrets, complaints.iter().map(ToString::to_string).collect())
}

/// The set that `text` gives without a complaint.
fn good(text: &str) -> Secrets {
    let (secrets, complaints) = read(text);
    assert_eq!(complaints, [""; 0], "{text}");
    secrets
}

/// Everything in the set, without its order.
fn content(secrets: &Secrets) -> BTreeSet<String> {
    let mut content: BTreeSet<_> = secrets.publics().map(|key| format!("static {key}")).collect();
    for pair in secrets.pairs.as_slice() {
        assert_eq!(pair.private.public(), pair.public);
        content.insert(format!("pair {} {} {}", pair.public, pair.is_static, pair.is_ephemeral));
        content.extend(pair.psks.iter().map(|psk| format!("{} psk {}", pair.public, *psk.expose_base64())));
    }
    content.extend(secrets.loose_psks().iter().map(|psk| format!("psk {}", *psk.expose_base64())));
    content.extend(secrets.transport().iter().map(|line| {
        let mut text = String::new();
        line.write(&mut text).unwrap();
        text
    }));
    content
}

#[test]
fn a_wireshark_log_gives_each_kind_of_key() {
    let remote = private(9).public();
    let mut text = String::new();
    let keys = HandshakeKeys {
        local_static: &private(1),
        remote_static: &remote,
        local_ephemeral: &private(2),
        psk: &psk(3),
    };
    write_handshake(&mut text, &keys).unwrap();
    let secrets = good(&text);
    let (own, ephemeral) = (private(1).public(), private(2).public());
    assert_eq!(secrets.publics().collect::<Vec<_>>(), [&remote, &own]);
    assert_eq!(secrets.private_of(&own), Some(&private(1)));
    assert_eq!(secrets.private_of(&ephemeral), Some(&private(2)));
    assert_eq!(secrets.private_of(&remote), None);
    assert!(secrets.is_static(&own) && secrets.is_static(&remote) && !secrets.is_static(&ephemeral));
    assert!(secrets.is_ephemeral(&ephemeral) && !secrets.is_ephemeral(&own));
    assert_eq!(secrets.ephemeral_psks(&ephemeral), [psk(3)]);
    assert_eq!(secrets.loose_psks(), [psk(3)]);
}

#[test]
fn spelling_is_forgiven_where_the_meaning_is_plain() {
    let plain = good(&format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n", b64(2), b64(3)));
    for text in [
        format!("LOCAL_EPHEMERAL_PRIVATE_KEY={}\nPRESHARED_KEY={}", b64(2), b64(3)),
        format!("\u{feff}LOCAL_EPHEMERAL_PRIVATE_KEY = {}\r\nPRESHARED_KEY = {}\r\n", b64(2), b64(3)),
        format!("\tLOCAL_EPHEMERAL_PRIVATE_KEY\t=\t{} \t\n\n  PRE_SHARED_KEY = {}  \n", b64(2), b64(3)),
        format!("# log\nLOCAL_EPHEMERAL_PRIVATE_KEY = {} # eth0\n#\nPRESHARED_KEY = {}\n", b64(2), b64(3)),
        format!(
            "New handshake session:\n  LOCAL_EPHEMERAL_PRIVATE_KEY = {}\n  PRESHARED_KEY = {}\n",
            b64(2),
            b64(3)
        ),
        format!("local_ephemeral_private_key = {}\nPRESHARED_KEY = {}", "02".repeat(32), "03".repeat(32)),
    ] {
        assert_eq!(content(&good(&text)), content(&plain), "{text}");
    }
}

#[test]
fn a_preshared_key_belongs_to_the_ephemeral_key_before_it_once() {
    let (first, second) = (private(1).public(), private(2).public());
    let ephemeral = |seed| format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\n", b64(seed));
    let preshared = |seed| format!("PRESHARED_KEY = {}\n", b64(seed));

    let repeated = good(&[ephemeral(1), preshared(8), ephemeral(1), preshared(9)].concat());
    assert_eq!(repeated.ephemeral_psks(&first), [psk(8), psk(9)]);

    let twice = good(&[ephemeral(1), preshared(8), preshared(9)].concat());
    assert_eq!(twice.ephemeral_psks(&first), [psk(8)]);
    assert_eq!(twice.loose_psks(), [psk(8), psk(9)]);

    let wrong_order = good(&[preshared(8), ephemeral(1), ephemeral(2), preshared(9)].concat());
    assert_eq!(wrong_order.ephemeral_psks(&first), []);
    assert_eq!(wrong_order.ephemeral_psks(&second), [psk(9)]);
    assert_eq!(wrong_order.loose_psks(), [psk(8), psk(9)]);

    let between = format!("LOCAL_STATIC_PRIVATE_KEY = {}\n", b64(5));
    let apart = good(&[ephemeral(1), between, preshared(8)].concat());
    assert_eq!(apart.ephemeral_psks(&first), [psk(8)]);

    let next_session = good(&[&ephemeral(1), "New handshake session:\n", &preshared(8)].concat());
    assert_eq!(next_session.ephemeral_psks(&first), []);
}

#[test]
fn a_damaged_ephemeral_line_does_not_hand_its_preshared_key_to_the_one_before() {
    let text = format!(
        "LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n",
        b64(1),
        &b64(2)[1..],
        b64(3)
    );
    let (secrets, complaints) = read(&text);
    assert_eq!(
        complaints,
        [
            "keys:2: LOCAL_EPHEMERAL_PRIVATE_KEY: 43 characters, where a key has 44 of base64 or 64 of hexadecimal"
        ]
    );
    assert_eq!(secrets.ephemeral_psks(&private(1).public()), []);
    assert_eq!(secrets.loose_psks(), [psk(3)]);
}

#[test]
fn more_preshared_keys_than_fit_beside_one_ephemeral_key_stay_loose() {
    let pairs = (1..=40)
        .map(|seed| format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n", b64(100), b64(seed)));
    let text = pairs.collect::<Vec<_>>().concat();
    let secrets = good(&text);
    assert_eq!(secrets.ephemeral_psks(&private(100).public()).len(), 16);
    assert_eq!(secrets.loose_psks().len(), 40);
}

#[test]
fn the_zero_preshared_key_means_none() {
    let text = format!("LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n", b64(1), b64(0));
    let secrets = good(&text);
    assert_eq!(secrets.ephemeral_psks(&private(1).public()), []);
    assert_eq!(secrets.loose_psks(), []);
    assert!(good(&format!("PRESHARED_KEY = {}\n", b64(0))).is_empty());
}

#[test]
fn an_unclamped_key_is_the_pair_of_its_clamped_form() {
    let mut clamped = [0xff; 32];
    clamped[0] &= 0xf8;
    clamped[31] &= 0x7f;
    let clamped = PrivateKey::from_bytes(clamped);
    let secrets = good(&format!(
        "LOCAL_STATIC_PRIVATE_KEY = {}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {}\n",
        b64(0xff),
        *clamped.expose_base64()
    ));
    let public = clamped.public();
    assert_eq!(secrets.publics().collect::<Vec<_>>(), [&public]);
    assert!(secrets.private_of(&public).is_some());
    assert!(secrets.is_static(&public) && secrets.is_ephemeral(&public));
}

#[test]
fn a_wg_quick_configuration_gives_its_keys_and_its_settings_are_passed_over() {
    let peer = private(9).public();
    let secrets = good(&format!(
        "[Interface]\n# büro\nAddress = 10.0.0.1/24, fd00::1/64\nListenPort = 51820\nprivatekey = {}\n\
         PostUp = ip rule add fwmark 0xe00/0xf00 lookup 201\nSaveConfig = false\n\n\
         [Peer] # node 2\nPublicKey={peer}\nPresharedKey={}\nAllowedIPs = 0.0.0.0/0\nEndpoint = [::1]:51820\n",
        b64(1),
        b64(3),
    ));
    assert_eq!(secrets.publics().collect::<Vec<_>>(), [&private(1).public(), &peer]);
    assert_eq!(secrets.loose_psks(), [psk(3)]);
    assert!(secrets.private_of(&private(1).public()).is_some());
}

#[test]
fn a_comment_in_another_encoding_costs_nothing() {
    let mut secrets = Secrets::new();
    let text = [b"# b\xfcro\nPrivateKey = ", b64(1).as_bytes(), b" # b\xfcro\n"].concat();
    assert_eq!(secrets.add(&text, "wg0.conf"), []);
    assert!(!secrets.is_empty());
}

#[test]
fn one_file_may_mix_all_kinds() {
    let secrets = good(&format!(
        "LOCAL_EPHEMERAL_PRIVATE_KEY = {}\n0x0000002a {} send t=5.25\n[Interface]\nPrivateKey = {}\n\
         MTU = 1420\n0x2b {}\nPRESHARED_KEY = {}\n",
        b64(1),
        b64(2),
        b64(3),
        b64(4),
        b64(5),
    ));
    assert_eq!(secrets.ephemeral_psks(&private(1).public()), [psk(5)]);
    assert_eq!(secrets.publics().count(), 1);
    let [first, second] = secrets.transport() else { panic!("two transport keys") };
    assert_eq!((first.receiver.0, first.direction), (0x2a, Some(Direction::Send)));
    assert_eq!(first.time, Some(Timestamp(5_250_000_000)));
    assert_eq!((second.receiver.0, &second.key), (0x2b, &TransportKey::from_bytes([4; 32])));
}

#[test]
fn a_file_of_one_bare_key_is_a_static_private_key() {
    for text in [b64(1), format!("{}\n", b64(1)), format!("# node1\n\n{}\r\n", b64(1)), "01".repeat(32)] {
        assert_eq!(good(&text).publics().collect::<Vec<_>>(), [&private(1).public()], "{text}");
    }
}

#[test]
fn keys_given_twice_are_kept_once() {
    let text = format!(
        "LOCAL_STATIC_PRIVATE_KEY = {0}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {1}\nPRESHARED_KEY = {2}\n0x1 {3}\n",
        b64(1),
        b64(2),
        b64(3),
        b64(4)
    );
    let once = good(&text);
    let twice = good(&text.repeat(2));
    assert_eq!(content(&once), content(&twice));
    assert_eq!(once.kept(), twice.kept());

    let mut merged = once.clone();
    assert_eq!(merged.merge(twice), 0);
    assert_eq!(merged.kept(), once.kept());
    let mut into_empty = Secrets::new();
    assert_eq!(into_empty.merge(merged), 0);
    assert_eq!(content(&into_empty), content(&once));
}

#[test]
fn one_index_may_have_several_keys() {
    let secrets = good(&format!("0x1 {}\n0x1 {}\n", b64(1), b64(2)));
    assert_eq!(secrets.transport().len(), 2);
}

#[test]
fn the_set_prints_counts_only() {
    let secrets = good(&b64(1));
    assert_eq!(
        format!("{secrets:?}"),
        "Secrets { private: 1, static_public: 1, preshared: 0, transport: 0, .. }"
    );
}
