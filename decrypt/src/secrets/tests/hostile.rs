//! Damaged lines, wrong files, too much of everything.

use super::*;

#[test]
fn each_damage_is_named_and_shown_in_no_part() {
    let cases = [
        (
            "LOCAL_STATIC_PRIVATE_KEY =",
            "LOCAL_STATIC_PRIVATE_KEY: 0 characters, where a key has 44 of base64 or 64 of hexadecimal",
        ),
        ("PrivateKey = ÄÄÄ", "PrivateKey: 3 characters, where a key has 44 of base64 or 64 of hexadecimal"),
        (
            "PRESHARED_KEY = !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!=",
            "PRESHARED_KEY: not the base64 or hexadecimal form of 32 bytes",
        ),
        ("nonsense", "neither a key log line, nor a transport key, nor a wg configuration"),
        ("ListenPort = 1", "neither a key log line, nor a transport key, nor a wg configuration"),
        ("0x1", "no key after the receiver index"),
        ("0xyz KEY", "receiver index: not 0x and 1 to 8 hexadecimal digits"),
        ("0x1 KEY send up", "field 4: none of send, recv, t=, peer="),
        ("SESSION_KEY = KEY", "a key under an unknown name"),
    ];
    for (line, fault) in cases {
        let line = line.replace("KEY", "\0").replace("_\0", "_KEY").replace('\0', &b64(7));
        let (secrets, complaints) =
            read(&format!("PrivateKey = {}\n\n{line}\nPublicKey = {}", b64(1), b64(2)));
        assert_eq!(complaints, [format!("keys:3: {fault}")], "{line}");
        assert_eq!(secrets.publics().count(), 2);
    }
}

#[test]
fn a_line_that_is_not_utf8_costs_itself() {
    let mut secrets = Secrets::new();
    let text = [b"PrivateKey = \xff\xfe\nPrivateKey = ", b64(1).as_bytes()].concat();
    let complaints = secrets.add(&text, "wg0.conf");
    assert_eq!(complaints, [Complaint { origin: "wg0.conf".into(), line: 1, fault: Fault::NotUtf8 }]);
    assert_eq!(secrets.publics().count(), 1);
}

#[test]
fn a_wrong_file_gives_one_complaint_with_a_guess() {
    let pcapng = b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0";
    let bare = format!("{}\n{}\n", b64(1), b64(2));
    let cases: [(&[u8], Looks); 17] = [
        (b"", Looks::Empty),
        (b"\n\r\n# only a comment\n", Looks::Empty),
        (b"\n\r\r\n", Looks::Empty),
        (b"\xa1\xb2\xc3\xd4\0\x02\0\x04", Looks::Capture),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", Looks::Capture),
        (pcapng, Looks::Capture),
        (b"\x1f\x8b\x08\0\0\0", Looks::Compressed),
        (b"\x28\xb5\x2f\xfd\0", Looks::Compressed),
        (b"\xff\xfeP\0r\0i\0", Looks::Utf16),
        (b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ\n", Looks::Pem),
        (b"CLIENT_RANDOM 00 11\nCLIENT_RANDOM 22 33\n", Looks::TlsKeyLog),
        (bare.as_bytes(), Looks::BareKeys),
        (b"[Interface]\nListenPort = 51820\n", Looks::Keyless),
        (b"New handshake session:\n", Looks::Keyless),
        (b"\x7fELF\x02\x01\x01\0\0", Looks::Binary),
        (b"\x80\x81\x82\n", Looks::Binary),
        (b"hello\nworld\n", Looks::OtherText),
    ];
    for (text, looks) in cases {
        let mut secrets = Secrets::new();
        let complaints = secrets.add(text, "x");
        let expected = Complaint { origin: "x".into(), line: 1, fault: Fault::NoKeys(looks) };
        assert_eq!(complaints, [expected], "{looks:?}");
        assert!(secrets.is_empty());
    }
}

#[test]
fn complaints_are_bounded_and_the_rest_counted() {
    let text = format!("PrivateKey = {}\n{}", b64(1), "what\n".repeat(1000));
    let (_, complaints) = read(&text);
    assert_eq!(complaints.len(), 21);
    assert_eq!(complaints[20], "keys:22: and 980 more lines like these");
}

#[test]
fn keys_are_bounded_and_what_is_over_is_told() {
    let mut secrets = Secrets::with_limit(5);
    let text = format!(
        "PrivateKey = {}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n0x1 {}\n\
         PublicKey = {}\n0x2 {}\nPresharedKey = {}\nLOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPrivateKey = {}\n",
        b64(1),
        b64(2),
        b64(3),
        b64(4),
        b64(5),
        b64(6),
        b64(7),
        b64(8),
        b64(9),
    );
    let complaints = secrets.add(text.as_bytes(), "keys");
    assert_eq!(complaints.iter().map(|told| told.line).collect::<Vec<_>>(), [5, 6, 7, 8, 9]);
    assert!(complaints.iter().all(|told| told.fault == Fault::TooManyKeys { limit: 5 }));
    assert_eq!(secrets.kept(), 5);
    assert_eq!(secrets.ephemeral_psks(&private(2).public()), [psk(3)]);

    let again = format!("PrivateKey = {}\nPRESHARED_KEY = {}\n0x1 {}\n", b64(1), b64(3), b64(4));
    assert_eq!(secrets.add(again.as_bytes(), "keys"), [], "what is known needs no room");
}

#[test]
fn a_preshared_key_of_a_refused_ephemeral_key_is_loose() {
    let mut secrets = Secrets::with_limit(2);
    let text = format!(
        "LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPresharedKey = {}\n\
         LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\n",
        b64(1),
        b64(2),
        b64(3),
        b64(2)
    );
    let lines: Vec<_> = secrets.add(text.as_bytes(), "keys").iter().map(|told| told.line).collect();
    assert_eq!(lines, [3]);
    assert_eq!(secrets.ephemeral_psks(&private(1).public()), []);
    assert_eq!(secrets.loose_psks(), [psk(2)]);
}

#[test]
fn merging_keeps_to_the_bound_and_counts_what_is_over() {
    let mut full = Secrets::with_limit(3);
    assert_eq!(full.add(format!("PrivateKey = {}\nPRESHARED_KEY = {}", b64(1), b64(2)).as_bytes(), "a"), []);
    let known = full.clone();
    let other = good(&format!(
        "LOCAL_EPHEMERAL_PRIVATE_KEY = {}\nPRESHARED_KEY = {}\nPublicKey = {}\n0x1 {}\nPrivateKey = {}\n",
        b64(3),
        b64(4),
        b64(5),
        b64(6),
        b64(1),
    ));
    assert_eq!(full.merge(other), 4);
    assert_eq!(content(&full), content(&known));
}

#[test]
fn an_origin_with_a_line_break_stays_on_one_line() {
    let told = Secrets::new().add(b"", "a\nb\x1b[31m");
    assert_eq!(told[0].to_string().lines().count(), 1);
    assert!(!told[0].to_string().contains('\x1b'));
}

#[test]
fn megabyte_lines_and_endless_repeats_are_read_in_passing() {
    let long = "A".repeat(4 << 20);
    let (secrets, complaints) = read(&format!("PrivateKey = {long}\n{long}\nPrivateKey = {}\n", b64(1)));
    assert_eq!((secrets.kept(), complaints.len()), (2, 2));
    assert!(complaints.iter().all(|told| told.len() < 120));

    let (secrets, complaints) = read(&format!("LOCAL_STATIC_PRIVATE_KEY = {}\n", b64(1)).repeat(100_000));
    assert_eq!((secrets.kept(), complaints.len()), (2, 0));
    let (_, complaints) = read(&"\n".repeat(1_000_000));
    assert_eq!(complaints.len(), 1);
}
