//! The same cipher in Rust: for handshake fields, for cookies, and as the other's witness.

use chacha20poly1305::aead::Nonce;
use chacha20poly1305::consts::U16;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit as _, XChaCha20Poly1305};
use wgtrace_wire::wireguard::Counter;

use super::{Aead, AeadError, nonce, split_tag};
use crate::key::{KEY_LEN, TransportKey};

/// The chacha20poly1305 crate's cipher; measured 3.5 to 9 times slower than [`super::RingKey`].
#[derive(Debug, Clone)]
pub struct PortableKey(ChaCha20Poly1305);

impl Aead for PortableKey {
    fn new(key: &TransportKey) -> Self {
        Self(ChaCha20Poly1305::new(key.expose().into()))
    }

    fn seal(&self, counter: Counter, buffer: &mut [u8]) -> Result<(), AeadError> {
        seal_with(&self.0, &nonce(counter).into(), &[], buffer)
    }

    fn open<'b>(&self, counter: Counter, sealed: &'b mut [u8]) -> Result<&'b mut [u8], AeadError> {
        open_with(&self.0, &nonce(counter).into(), &[], sealed)
    }
}

/// Seals a handshake field: nonce zero, the transcript hash authenticated along.
///
/// The last 16 bytes of `field` are the tag's.
pub(crate) fn seal_field(key: &[u8; KEY_LEN], hash: &[u8; 32], field: &mut [u8]) -> Result<(), AeadError> {
    seal_with(&ChaCha20Poly1305::new(key.into()), &[0; 12].into(), hash, field)
}

/// Opens a handshake field, the reverse of [`seal_field`].
pub(crate) fn open_field<'b>(
    key: &[u8; KEY_LEN],
    hash: &[u8; 32],
    field: &'b mut [u8],
) -> Result<&'b mut [u8], AeadError> {
    open_with(&ChaCha20Poly1305::new(key.into()), &[0; 12].into(), hash, field)
}

/// Seals a cookie (whitepaper 5.4.7), XChaCha20Poly1305; the last 16 bytes are the tag's.
pub(crate) fn seal_cookie(
    key: &[u8; KEY_LEN],
    nonce: &[u8; 24],
    mac1: &[u8; 16],
    cookie: &mut [u8],
) -> Result<(), AeadError> {
    seal_with(&XChaCha20Poly1305::new(key.into()), nonce.into(), mac1, cookie)
}

/// Opens a cookie, the reverse of [`seal_cookie`].
pub(crate) fn open_cookie<'b>(
    key: &[u8; KEY_LEN],
    nonce: &[u8; 24],
    mac1: &[u8; 16],
    cookie: &'b mut [u8],
) -> Result<&'b mut [u8], AeadError> {
    open_with(&XChaCha20Poly1305::new(key.into()), nonce.into(), mac1, cookie)
}

fn seal_with<C: AeadInOut<TagSize = U16>>(
    cipher: &C,
    nonce: &Nonce<C>,
    associated: &[u8],
    buffer: &mut [u8],
) -> Result<(), AeadError> {
    let (content, room) = split_tag(buffer)?;
    let tag =
        cipher.encrypt_inout_detached(nonce, associated, content.into()).map_err(|_| AeadError::TooLong)?;
    *room = tag.into();
    Ok(())
}

fn open_with<'b, C: AeadInOut<TagSize = U16>>(
    cipher: &C,
    nonce: &Nonce<C>,
    associated: &[u8],
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], AeadError> {
    let (content, tag) = split_tag(buffer)?;
    cipher
        .decrypt_inout_detached(nonce, associated, (&mut *content).into(), (&*tag).into())
        .map_err(|_| AeadError::Unauthentic)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const PLAIN: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for \
        the future, sunscreen would be it.";
    const ASSOCIATED: [u8; 12] = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];

    fn agrees<C: AeadInOut<TagSize = U16>>(cipher: &C, nonce: &Nonce<C>, expected: &str) {
        let mut buffer = [PLAIN, &[0; 16]].concat();
        seal_with(cipher, nonce, &ASSOCIATED, &mut buffer).unwrap();
        let mut hex = String::new();
        for byte in &buffer {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(hex, expected);
        assert_eq!(open_with(cipher, nonce, &ASSOCIATED, &mut buffer).unwrap(), PLAIN);
    }

    fn key() -> [u8; KEY_LEN] {
        std::array::from_fn(|at| 0x80 + u8::try_from(at).unwrap())
    }

    /// RFC 8439, 2.8.2.
    #[test]
    fn chacha20poly1305_is_the_rfcs() {
        let nonce = [0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
        let expected = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9\
            671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee3\
            28091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116\
            1ae10b594f09e26a7e902ecbd0600691";
        agrees(&ChaCha20Poly1305::new(&key().into()), &nonce.into(), expected);
    }

    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn xchacha20poly1305_is_the_drafts() {
        let nonce: [u8; 24] = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        let expected = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4a\
            a6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b9\
            82c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e\
            c0875924c1c7987947deafd8780acf49";
        agrees(&XChaCha20Poly1305::new(&key().into()), &nonce.into(), expected);
    }
}
