//! What the fuzz target does with its input: configuration files of any content.
//!
//! `run` takes any bytes and panics only when something it states about the code under test does not
//! hold. `daemon/tests/corpora.rs` includes this file and runs the committed corpus through it.

use wgtraced::wireguard::config::{Config, ConfigFault, Endpoint, ParseError};

/// Reads `data` as a configuration.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = text.parse::<Config>();
    match &read {
        Ok(config) => written(config, &text),
        Err(error) => told(error, &text),
    }
    let windows = text.replace('\n', "\r\n");
    assert_eq!(windows.parse(), read, "line ends make a difference");
    assert_eq!(format!("{text}\n # the end").parse(), read, "a comment makes a difference");
}

/// What was read is within bounds, shows no secret, and is read from its own text again.
fn written(config: &Config, text: &str) {
    let again = config.expose();
    assert_eq!(again.parse().as_ref(), Ok(config));
    let interface = &config.interface;
    assert!(interface.mtu.is_none_or(|mtu| mtu >= 1280));
    let mut networks = 0;
    for (n, peer) in config.peers.iter().enumerate() {
        assert!(config.peers.iter().take(n).all(|other| other.public_key != peer.public_key));
        assert!(peer.preshared_key.as_ref().is_none_or(|psk| !psk.is_zero()));
        if let Some(Endpoint::Name { host, .. }) = &peer.endpoint {
            assert!((1..=253).contains(&host.len()) && host.is_ascii());
        }
        networks += peer.allowed_ips.len();
    }
    // A heading takes six bytes, a network four with what parts it from the next.
    assert!(config.peers.len() <= text.len() / 6 && networks + interface.addresses.len() <= text.len() / 3);

    let (shown, public) = (format!("{config:?}"), |key: &[u8; 32]| {
        config.peers.iter().any(|peer| peer.public_key.as_bytes() == key)
    });
    if let Some(key) = interface.private_key.as_ref().filter(|key| !public(key.expose())) {
        assert!(!shown.contains(key.expose_base64().as_str()));
    }
    for psk in config.peers.iter().filter_map(|peer| peer.preshared_key.as_ref()) {
        assert!(public(psk.expose()) || !shown.contains(psk.expose_base64().as_str()));
    }
}

/// The place is in the text and is the first that is wrong; no message has a piece of a key.
fn told(error: &ParseError, text: &str) {
    let shown = error.to_string();
    assert!(shown.len() < 200 && !shown.contains(char::is_control), "{shown:?}");
    let lines: Vec<_> = text.lines().collect();
    let line = lines.get(error.line - 1).unwrap_or_else(|| panic!("{shown}: of {} lines", lines.len()));
    // A value that is missing is missed behind the last character.
    assert!((1..=line.chars().count() + 1).contains(&error.column), "{shown}: {line:?}");
    let upto = lines.get(..error.line).unwrap_or_default().join("\n");
    assert_eq!(upto.parse::<Config>().as_ref(), Err(error), "the line named is not the one");
    let before = lines.get(..error.line - 1).unwrap_or_default().join("\n");
    if let Err(earlier) = before.parse::<Config>() {
        // The section that is cut off may have lost its key.
        assert_eq!(earlier.fault, ConfigFault::NoPublicKey, "a line before the one named is wrong");
    }
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '=')) {
        for piece in word.as_bytes().windows(PIECE) {
            let piece = str::from_utf8(piece).expect("ASCII");
            assert!(!shown.contains(piece), "{piece} of the text is in {shown:?}");
        }
    }
}

/// So much of a key in base64 is more than the longest name of a setting.
const PIECE: usize = 21;
