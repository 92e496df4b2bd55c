//! Key files of any content.

use wgtrace_decrypt::keylog::TransportLine;
use wgtrace_decrypt::secrets::Secrets;

/// Reads `data` as a key file.
pub fn run(data: &[u8]) {
    let mut secrets = Secrets::new();
    let complaints = secrets.add(data, "keys.log");
    let lines = data.split(|&byte| byte == b'\n').count();
    // Twenty, and one that counts the others.
    assert!(complaints.len() <= 21);
    for complaint in &complaints {
        assert!((1..=lines).contains(&complaint.line));
        let text = complaint.to_string();
        assert!(text.len() < 160 && !text.contains(char::is_control), "{text:?}");
    }
    // A preshared key of zeros is the absence of one.
    let zero = data.windows(43).any(|at| at == [b'A'; 43]) || data.windows(64).any(|at| at == [b'0'; 64]);
    assert!(zero || !secrets.is_empty() || !complaints.is_empty(), "neither a key nor a word about it");

    let shown = format!("{secrets:?} {complaints:?}");
    for line in secrets.transport().iter().take(8) {
        assert!(!shown.contains(line.key.expose_base64().as_str()));
        let mut text = String::new();
        line.write(&mut text).expect("strings take everything");
        assert_eq!(TransportLine::parse(text.trim_end()).as_ref(), Ok(line));
        let public = line.peer.is_some_and(|peer| peer.as_bytes() == line.key.expose());
        assert!(public || !format!("{line:?}").contains(line.key.expose_base64().as_str()));
    }
    for psk in secrets.loose_psks() {
        assert!(!psk.is_zero() && !shown.contains(psk.expose_base64().as_str()));
    }
    for public in secrets.publics() {
        if let Some(private) = secrets.private_of(public) {
            assert_eq!(private.public(), *public);
            assert!(!shown.contains(private.expose_base64().as_str()));
        }
        assert!(secrets.is_static(public));
    }

    let mut again = secrets.clone();
    assert_eq!(again.add(data, "keys.log"), complaints, "the same text gives the same complaints");
    same(&secrets, &again);
    assert_eq!(again.merge(secrets.clone()), 0);
    same(&secrets, &again);
    let mut merged = Secrets::new();
    assert_eq!(merged.merge(secrets.clone()), 0);
    same(&secrets, &merged);

    // A section header block of pcapng begins with line ends.
    if !data.starts_with(b"\n") {
        let mut windows = Secrets::new();
        let crlf = data.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        assert_eq!(windows.add(&crlf, "keys.log"), complaints, "line ends make a difference");
        same(&secrets, &windows);
    }
}

/// Both hold the same keys in the same order.
fn same(one: &Secrets, other: &Secrets) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert!(one.publics().eq(other.publics()));
    assert_eq!(one.loose_psks(), other.loose_psks());
    assert_eq!(one.transport(), other.transport());
    for public in one.publics() {
        assert_eq!(one.private_of(public), other.private_of(public));
        assert_eq!(one.is_ephemeral(public), other.is_ephemeral(public));
        assert_eq!(one.ephemeral_psks(public), other.ephemeral_psks(public));
    }
}
