//! The same cipher in Rust: for handshake fields, for cookies, and as the other's witness.

use chacha20poly1305::aead::Nonce;
use chacha20poly1305::consts::U16;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit as _, XChaCha20Poly1305};
use wgtrace_wire::wireguard::Counter;

use super::{Aead, AeadError, nonce, split_tag};
use crate::key::{KEY_LEN, TransportKey};

/// The chacha20poly1305 crate's cipher; measured 3.5 to 9 times slower than [`super::RingKey`].
#[derive(Clone)]
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
