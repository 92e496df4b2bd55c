//! Secrets go where they were sent, and nowhere else.

use crate::program::{Ran, run};
use crate::records::{self, hex};
use crate::scene::Scene;

#[test]
fn nothing_secret_is_written_or_said_unasked() {
    let scene = Scene::new();
    let secrets = [scene.tunnel.lasting_secrets(), scene.tunnel.transport_secrets().to_vec()].concat();
    for more in [&[][..], &["--json"], &["--with-outer"]] {
        let ran = run(scene.decrypt(&[&["-w", &scene.arg("out.pcapng")], more].concat())).exits(0);
        absent(&secrets, &std::fs::read(scene.path("out.pcapng")).unwrap());
        absent_in_talk(&secrets, &ran);
    }
    run(scene.decrypt(&["-w", &scene.arg("out.pcap")])).exits(0);
    absent(&secrets, &std::fs::read(scene.path("out.pcap")).unwrap());
}

#[test]
fn session_level_writes_keys_of_sessions_only() {
    let scene = Scene::new();
    let out = scene.arg("out.pcapng");
    let ran = run(scene.decrypt(&["-w", &out, "--embed-keys", "session"])).exits(0);
    let written = std::fs::read(&out).unwrap();
    absent(&scene.tunnel.lasting_secrets(), &written);
    assert!(scene.tunnel.transport_secrets().iter().all(|key| holds(&written, key)));
    absent_in_talk(&scene.tunnel.transport_secrets(), &ran);
}

#[test]
fn wireshark_level_says_that_it_writes_a_private_key() {
    let scene = Scene::new();
    let out = scene.arg("out.pcapng");
    let ran = run(scene.decrypt(&["-w", &out, "--embed-keys", "wireshark", "-q"])).exits(0);
    assert_eq!(
        ran.stderr,
        "wgtrace: the output contains a static private key: whoever has the file can impersonate its owner\n"
    );
    let written = std::fs::read(&out).unwrap();
    let lasting = scene.tunnel.lasting_secrets();
    // The initiator's own: its identity, its ephemeral, the preshared key.
    assert!([0, 2, 4].iter().all(|&known: &usize| holds(&written, &lasting[known])));
    absent(&[lasting[1], lasting[3]], &written);
    absent(&scene.tunnel.transport_secrets(), &written);
    absent_in_talk(&lasting, &ran);
}

#[test]
fn converted_keys_open_the_sessions_and_hold_nothing_else() {
    let scene = Scene::new();
    let keys = scene.arg("t.keys");
    let ran = run(["keys", "convert", &scene.arg("eth0.pcap"), "-k", &scene.arg("keys.log")]).exits(0);
    assert_eq!(ran.stderr, "");
    absent(&scene.tunnel.lasting_secrets(), &ran.stdout);
    scene.put("t.keys", &ran.stdout);
    let opened = run(["decrypt", &scene.arg("eth0.pcap"), "-k", &keys, "-w", "-", "-q"]).exits(0);
    assert_eq!(records::data(&records::pcapng(&opened.stdout)), scene.packets());
}

#[test]
fn embedded_keys_open_the_file_again() {
    let scene = Scene::new();
    for level in ["session", "wireshark"] {
        let out = scene.arg("out.pcapng");
        run(scene.decrypt(&["-w", &out, "--with-outer", "--embed-keys", level])).exits(0);
        let again = run(["decrypt", &out, "-w", "-", "-q"]).exits(0);
        assert_eq!(records::data(&records::pcapng(&again.stdout)), scene.packets(), "{level}");
    }
}

#[test]
fn complaints_about_keys_do_not_repeat_them() {
    let scene = Scene::new();
    // One letter short, one too many, something behind, the name missing, two at once.
    let log = scene.tunnel.key_log();
    let key = log.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let short = &key[..key.len() - 2];
    let bad = format!(
        "LOCAL_STATIC_PRIVATE_KEY = {short}\nLOCAL_STATIC_PRIVATE_KEY = {key}=\nPRESHARED_KEY = {key} x\n\
         NONSENSE = {key}\n{key}\n0xZZ {key}\n0x01020304 {key} up\n{key} = PRESHARED_KEY\nPrivateKey = {short}\n"
    );
    let keys = scene.put("bad.keys", bad.as_bytes());
    let ran = run(scene.decrypt(&["-k", &keys])).exits(0);
    assert!(ran.stderr.starts_with(&format!("wgtrace: {keys}:")), "{}", ran.stderr);
    let said = [ran.stderr.as_str(), ran.text()].concat();
    assert!(!said.contains(&key[..12]), "{said}");
}

#[test]
fn complaints_about_keys_in_the_capture_are_heard_by_decrypt() {
    hears_bad_keys(&["decrypt"], &pcapng(&[SECTION, SECRETS, INTERFACE, FRAME]));
}

#[test]
fn complaints_about_keys_behind_the_last_frame_are_heard() {
    hears_bad_keys(&["decrypt"], &pcapng(&[SECTION, INTERFACE, FRAME, SECRETS]));
    hears_bad_keys(&["decrypt"], &pcapng(&[SECTION, SECRETS, INTERFACE]));
}

#[test]
fn complaints_about_keys_in_the_capture_are_heard_by_convert() {
    hears_bad_keys(&["keys", "convert"], &pcapng(&[SECTION, SECRETS, INTERFACE, FRAME]));
}

#[track_caller]
fn hears_bad_keys(command: &[&str], file: &[u8]) {
    let scene = Scene::new();
    let capture = scene.put("secrets.pcapng", file);
    let ran = run(command.iter().copied().chain([capture.as_str()])).exits(3);
    let heard = ran.stderr.lines().filter(|line| line.contains("decryption secrets block:1:")).count();
    assert_eq!(heard, 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("nonsense"), "{}", ran.stderr);
}

type Block<'a> = (u32, &'a [u8]);
const SECTION: Block<'_> = (0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
/// "WGKL", length, text.
const SECRETS: Block<'_> = (10, b"LKGW\x24\0\0\0LOCAL_STATIC_PRIVATE_KEY = nonsense\n");
const INTERFACE: Block<'_> = (1, &[101, 0, 0, 0, 0, 0, 4, 0]);
/// Interface, time, both lengths, four bytes that are nothing.
const FRAME: Block<'_> = (6, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 9, 9, 9, 9]);

fn pcapng(blocks: &[Block<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    for (kind, body) in blocks {
        let total = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        file.extend([&kind.to_le_bytes()[..], &total, body, &total].concat());
    }
    file
}

#[track_caller]
fn absent_in_talk(secrets: &[[u8; 32]], ran: &Ran) {
    absent(secrets, &ran.stdout);
    absent(secrets, ran.stderr.as_bytes());
}

#[track_caller]
fn absent(secrets: &[[u8; 32]], bytes: &[u8]) {
    for secret in secrets {
        assert!(!holds(bytes, secret), "a secret is in it");
    }
}

/// Whether `bytes` hold `secret`: raw, in base64, or in hexadecimal digits.
fn holds(bytes: &[u8], secret: &[u8; 32]) -> bool {
    let base64 = wgtrace_decrypt::key::TransportKey::from_bytes(*secret).expose_base64();
    let hex = hex(secret);
    let forms = [&secret[..], base64.as_bytes(), hex.as_bytes()];
    forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == *form))
}
