use std::fmt;

use zeroize::Zeroizing;

use super::hash::{Secret, hash, kdf};
use super::timestamp::Tai64n;
use crate::aead::AeadError;
use crate::aead::portable::{open_field, seal_field};
use crate::key::{PresharedKey, PublicKey, TransportKey};

/// Chaining key and hash, which both ends carry through the handshake.
#[derive(Clone)]
pub(super) struct Transcript {
    chaining: Secret,
    hash: [u8; 32],
}

impl Transcript {
    /// Before the first message: all that is known is whom it is for.
    pub(super) fn new(responder: &PublicKey) -> Self {
        let chaining = hash([CONSTRUCTION]);
        let hash = hash([&hash([&chaining, IDENTIFIER]), responder.as_bytes()]);
        Self { chaining: Zeroizing::new(chaining), hash }
    }

    /// An ephemeral public key, sent in clear.
    pub(super) fn mix_ephemeral(&mut self, ephemeral: &[u8; 32]) {
        self.mix(ephemeral);
        self.mix_hash(ephemeral);
    }

    /// A shared secret after which nothing is sealed.
    pub(super) fn mix_shared(&mut self, shared: &Secret) {
        self.mix(shared);
    }

    /// Seals `plain` under a key from `shared`; `N` is its length and 16.
    pub(super) fn seal<const N: usize>(&mut self, shared: &Secret, plain: &[u8]) -> [u8; N] {
        let key = self.mix_key(shared);
        self.seal_under(&key, plain)
    }

    /// Opens the initiator's static public key.
    pub(super) fn open_static(&mut self, es: &Secret, sealed: &[u8; 48]) -> Result<PublicKey, AeadError> {
        let key = self.mix_key(es);
        self.open_under(&key, sealed).map(PublicKey::from_bytes)
    }

    /// Opens the initiator's timestamp.
    pub(super) fn open_timestamp(&mut self, ss: &Secret, sealed: &[u8; 28]) -> Result<Tai64n, AeadError> {
        let key = self.mix_key(ss);
        self.open_under(&key, sealed).map(Tai64n::from_bytes)
    }

    /// Seals the response's empty field, after the preshared key.
    pub(super) fn seal_nothing(&mut self, psk: &PresharedKey) -> [u8; 16] {
        let key = self.mix_psk(psk);
        self.seal_under(&key, &[])
    }

    /// Opens the response's empty field: the proof that both hold the same keys.
    pub(super) fn open_nothing(&mut self, psk: &PresharedKey, sealed: &[u8; 16]) -> Result<(), AeadError> {
        let key = self.mix_psk(psk);
        self.open_under::<0>(&key, sealed).map(|_| ())
    }

    /// The session's keys (whitepaper 5.4.5): initiator to responder, then the other way.
    pub(super) fn split(self) -> (TransportKey, TransportKey) {
        let [to_responder, to_initiator] = kdf(&self.chaining, &[]);
        (TransportKey::from_bytes(*to_responder), TransportKey::from_bytes(*to_initiator))
    }

    fn mix(&mut self, input: &[u8; 32]) {
        let [chaining] = kdf(&self.chaining, input);
        self.chaining = chaining;
    }

    fn mix_hash(&mut self, data: &[u8]) {
        self.hash = hash([&self.hash, data]);
    }

    fn mix_key(&mut self, shared: &Secret) -> Secret {
        let [chaining, key] = kdf(&self.chaining, shared.as_slice());
        self.chaining = chaining;
        key
    }

    fn mix_psk(&mut self, psk: &PresharedKey) -> Secret {
        let [chaining, temporary, key] = kdf(&self.chaining, psk.expose());
        self.chaining = chaining;
        self.mix_hash(temporary.as_slice());
        key
    }

    #[expect(clippy::expect_used, reason = "fields are a few bytes, with room for the tag")]
    fn seal_under<const N: usize>(&mut self, key: &[u8; 32], plain: &[u8]) -> [u8; N] {
        let mut field = [0; N];
        for (byte, plain) in field.iter_mut().zip(plain) {
            *byte = *plain;
        }
        seal_field(key, &self.hash, &mut field).expect("room for a tag, far below the cipher's limit");
        self.mix_hash(&field);
        field
    }

    fn open_under<const N: usize>(&mut self, key: &[u8; 32], sealed: &[u8]) -> Result<[u8; N], AeadError> {
        // Room for the largest field, the static key.
        let mut buffer = [0; 48];
        let field = buffer.get_mut(..sealed.len()).ok_or(AeadError::TooLong)?;
        field.copy_from_slice(sealed);
        let plain = open_field(key, &self.hash, field)?;
        let plain = <[u8; N]>::try_from(&*plain).map_err(|_| AeadError::TooLong)?;
        self.mix_hash(sealed);
        Ok(plain)
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transcript(..)")
    }
}

/// Whitepaper 5.4, CONSTRUCTION.
const CONSTRUCTION: &[u8] = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
/// Whitepaper 5.4, IDENTIFIER.
const IDENTIFIER: &[u8] = b"WireGuard v1 zx2c4 Jason@zx2c4.com";
