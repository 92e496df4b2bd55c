//! HTTP in a segment, as tcpdump tells it.

/// The name of the protocol, with the first line of a request or a response.
pub(super) fn http(payload: &[u8]) -> String {
    let line = payload.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let begins = WORDS.iter().any(|known| word == known.as_bytes()) || word.starts_with(b"HTTP/");
    if begins && line.len() > word.len() {
        format!("HTTP: {}", line.escape_ascii())
    } else {
        "HTTP".to_owned()
    }
}

const WORDS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
