//! Lines, and what kind of statement each is.

/// One line that is neither blank nor a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `[Interface]`, `[Peer]` or any other section heading of a configuration.
    Section,
    /// What the kernel tree's key extraction script prints before each handshake.
    Handshake,
    /// Index, key and more of a transport key.
    Transport(&'a str),
    /// A name that stands for a key, and its value.
    Key(Name, &'a str),
    /// Some other name and its value.
    Setting(&'a str),
    /// Anything else.
    Unknown,
}

/// What a name says about the key behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// The name as documented.
    pub(super) text: &'static str,
    /// The use of the key.
    pub(super) kind: Kind,
}

/// The use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A peer's long-lived private key.
    StaticPrivate,
    /// A peer's long-lived public key.
    StaticPublic,
    /// The private key of one handshake.
    EphemeralPrivate,
    /// A preshared key of the ephemeral key in front of it.
    ScopedPreshared,
    /// A preshared key of any handshake.
    LoosePreshared,
}

const NAMES: [Name; 8] = [
    Name { text: crate::keylog::text::STATIC_PRIVATE, kind: Kind::StaticPrivate },
    Name { text: crate::keylog::text::STATIC_PUBLIC, kind: Kind::StaticPublic },
    Name { text: crate::keylog::text::EPHEMERAL_PRIVATE, kind: Kind::EphemeralPrivate },
    Name { text: crate::keylog::text::PRESHARED, kind: Kind::ScopedPreshared },
    // Written by some clients by mistake.
    Name { text: "PRE_SHARED_KEY", kind: Kind::ScopedPreshared },
    // wg(8), "CONFIGURATION FILE FORMAT"
    Name { text: "PrivateKey", kind: Kind::StaticPrivate },
    Name { text: "PublicKey", kind: Kind::StaticPublic },
    Name { text: "PresharedKey", kind: Kind::LoosePreshared },
];

const HANDSHAKE_HEADING: &str = "New handshake session";

impl<'a> Line<'a> {
    /// Classifies a line of [`contents`].
    pub(super) fn of(text: &'a str) -> Self {
        if text.starts_with('[') && text.ends_with(']') {
            return Self::Section;
        }
        if text.starts_with(HANDSHAKE_HEADING) {
            return Self::Handshake;
        }
        if text.starts_with("0x") || text.starts_with("0X") {
            return Self::Transport(text);
        }
        let Some((name, value)) = text.split_once('=') else { return Self::Unknown };
        let (name, value) = (name.trim(), value.trim());
        match NAMES.iter().find(|known| known.text.eq_ignore_ascii_case(name)) {
            Some(&name) => Self::Key(name, value),
            None => Self::Setting(value),
        }
    }
}

/// The lines of `text` that are neither blank nor comment, trimmed, with their numbers from 1.
pub(super) fn contents(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    (1..).zip(text.split(|&byte| byte == b'\n')).filter_map(|(number, line)| {
        // No key, name or heading contains the sign.
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii();
        (!line.is_empty()).then_some((number, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_the_lines_left_out() {
        let text = b"\xef\xbb\xbfone\r\n\n  # note\n\ttwo # note\n\xff # note";
        let lines: Vec<_> = contents(text).collect();
        assert_eq!(lines, [(1, &b"one"[..]), (4, b"two"), (5, b"\xff")]);
    }

    #[test]
    fn names_are_told_apart_by_spelling_not_by_case() {
        let kind = |text| if let Line::Key(name, _) = Line::of(text) { Some(name.kind) } else { None };
        assert_eq!(kind("privatekey=x"), Some(Kind::StaticPrivate));
        assert_eq!(kind("PRESHAREDKEY = x"), Some(Kind::LoosePreshared));
        assert_eq!(kind("PRESHARED_KEY\t=\tx"), Some(Kind::ScopedPreshared));
        assert_eq!(kind("Private Key = x"), None);
    }
}
