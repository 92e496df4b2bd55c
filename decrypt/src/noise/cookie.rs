//! Cookies: proof, under load, that a handshake message's source address is its sender's
//! (whitepaper 5.4.7).

use std::fmt;

use subtle::ConstantTimeEq as _;
use wgtrace_wire::wireguard::{CookieReply, SessionIndex};
use zeroize::ZeroizeOnDrop;

use super::hash::{hash, mac};
use super::mac::Maced;
use crate::aead::AeadError;
use crate::aead::portable::{open_cookie, seal_cookie};
use crate::key::PublicKey;

/// A cookie, which is the key of mac2.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Cookie([u8; 16]);

impl Cookie {
    /// The cookie for one source: its address and port as bytes.
    ///
    /// `secret` is random, the loaded responder's own, and replaced every two minutes.
    pub fn new(secret: &[u8; 32], source: &[u8]) -> Self {
        Self(mac(secret, [source]))
    }

    /// Whether `message` proves that its sender received this cookie; its mac1 is verified already.
    pub fn verify<M: Maced>(&self, message: &M) -> bool {
        self.of(message).ct_eq(message.mac2()).into()
    }

    /// Writes mac2; mac1 must be there.
    pub fn seal<M: Maced>(&self, message: &mut M) {
        *message.mac2_mut() = self.of(message);
    }

    fn of<M: Maced>(&self, message: &M) -> [u8; 16] {
        mac(&self.0, [&[M::KIND, 0, 0, 0], message.body(), message.mac1()])
    }
}

impl PartialEq for Cookie {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Cookie {}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// The key that seals the cookies which one peer hands out; computed once.
#[derive(Clone)]
pub struct CookieKey([u8; 32]);

impl CookieKey {
    /// The key of the peer under load, from its static public key.
    pub fn new(loaded: &PublicKey) -> Self {
        Self(hash([LABEL_COOKIE, loaded.as_bytes()]))
    }

    /// The answer to a message that came from `receiver` with `mac1`; `nonce` is random.
    pub fn reply(
        &self,
        cookie: &Cookie,
        receiver: SessionIndex,
        mac1: &[u8; 16],
        nonce: [u8; 24],
    ) -> Result<CookieReply, AeadError> {
        let mut encrypted_cookie = [0; 32];
        for (byte, cookie) in encrypted_cookie.iter_mut().zip(cookie.0) {
            *byte = cookie;
        }
        seal_cookie(&self.0, &nonce, mac1, &mut encrypted_cookie)?;
        Ok(CookieReply {
            kind: CookieReply::TYPE,
            reserved: [0; 3],
            receiver: receiver.0.into(),
            nonce,
            encrypted_cookie,
        })
    }

    /// Opens an answer to the message that had `mac1`.
    pub fn open(&self, reply: &CookieReply, mac1: &[u8; 16]) -> Result<Cookie, AeadError> {
        let mut sealed = reply.encrypted_cookie;
        let cookie = open_cookie(&self.0, &reply.nonce, mac1, &mut sealed)?;
        <[u8; 16]>::try_from(&*cookie).map(Cookie).map_err(|_| AeadError::TooLong)
    }
}

/// Whitepaper 5.4, LABEL-COOKIE.
const LABEL_COOKIE: &[u8] = b"cookie--";
