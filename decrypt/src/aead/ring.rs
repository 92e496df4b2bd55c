use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use wgtrace_wire::wireguard::{Counter, TAG_LEN};

use super::{Aead, AeadError, nonce, split_tag};
use crate::key::TransportKey;

/// The fast one: ring's assembly, chosen at run time. ring does not wipe its copy of the key.
#[derive(Debug, Clone)]
pub struct RingKey(LessSafeKey);

impl Aead for RingKey {
    #[expect(clippy::expect_used, reason = "the one cause, a wrong key length, is ruled out by the type")]
    fn new(key: &TransportKey) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.expose()).expect("32 bytes are the key length");
        Self(LessSafeKey::new(key))
    }

    fn seal(&self, counter: Counter, buffer: &mut [u8]) -> Result<(), AeadError> {
        let (content, room) = split_tag(buffer)?;
        let nonce = Nonce::assume_unique_for_key(nonce(counter));
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::empty(), content)
            .map_err(|_| AeadError::TooLong)?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }

    fn open<'b>(&self, counter: Counter, sealed: &'b mut [u8]) -> Result<&'b mut [u8], AeadError> {
        if sealed.len() < TAG_LEN {
            return Err(AeadError::TooShort { have: sealed.len() });
        }
        let nonce = Nonce::assume_unique_for_key(nonce(counter));
        self.0.open_in_place(nonce, Aad::empty(), sealed).map_err(|_| AeadError::Unauthentic)
    }
}
