//! Wireshark's key log lines, as its manual page and Decryption Secrets Blocks have them.

use zeroize::Zeroizing;

use crate::key::{PresharedKey, PrivateKey, PublicKey};

pub(super) const STATIC_PRIVATE: &str = "LOCAL_STATIC_PRIVATE_KEY";
pub(super) const STATIC_PUBLIC: &str = "REMOTE_STATIC_PUBLIC_KEY";
pub(super) const EPHEMERAL_PRIVATE: &str = "LOCAL_EPHEMERAL_PRIVATE_KEY";
pub(super) const PRESHARED: &str = "PRESHARED_KEY";

/// No line is longer, its end included.
const MAX_LINE: usize = 80;

/// One line to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A peer's long-lived private key.
    StaticPrivate(&'a PrivateKey),
    /// A peer's long-lived public key.
    StaticPublic(&'a PublicKey),
    /// The private key of one handshake.
    EphemeralPrivate(&'a PrivateKey),
    /// The preshared key of the handshake whose ephemeral key was the line before.
    Preshared(&'a PresharedKey),
}

/// The key log that says `lines`, in their order.
///
/// Wireshark demands each preshared key right behind its ephemeral key, and the ephemeral key
/// again for a second one.
pub fn lines(lines: &[Line<'_>]) -> Zeroizing<String> {
    // Reserved at once: an outgrown allocation would leave its keys behind.
    let mut text = Zeroizing::new(String::with_capacity(lines.len().saturating_mul(MAX_LINE)));
    for line in lines {
        let (name, key) = match line {
            Line::StaticPrivate(key) => (STATIC_PRIVATE, key.expose_base64()),
            Line::StaticPublic(key) => (STATIC_PUBLIC, Zeroizing::new(key.to_string())),
            Line::EphemeralPrivate(key) => (EPHEMERAL_PRIVATE, key.expose_base64()),
            Line::Preshared(key) => (PRESHARED, key.expose_base64()),
        };
        for part in [name, " = ", &key, "\n"] {
            text.push_str(part);
        }
    }
    text
}
