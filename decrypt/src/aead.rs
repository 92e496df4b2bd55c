//! ChaCha20Poly1305 as transport messages use it (whitepaper 5.4.6): the nonce is a counter, nothing
//! but the packet is authenticated, and buffers are worked on in place.

pub(crate) mod portable;
mod ring;

use thiserror::Error;
use wgtrace_wire::wireguard::{Counter, TAG_LEN};

use crate::key::TransportKey;

pub use portable::PortableKey;
pub use ring::RingKey;

/// One direction's transport cipher.
pub trait Aead {
    /// Prepares `key` for use.
    fn new(key: &TransportKey) -> Self;

    /// Encrypts all but the last 16 bytes of `buffer` and writes the tag there.
    fn seal(&self, counter: Counter, buffer: &mut [u8]) -> Result<(), AeadError>;

    /// Authenticates and decrypts `sealed` (ciphertext, then a 16-byte tag); the plaintext is its front.
    ///
    /// After an error the content of `sealed` is unspecified.
    fn open<'b>(&self, counter: Counter, sealed: &'b mut [u8]) -> Result<&'b mut [u8], AeadError>;
}

/// Why a buffer was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AeadError {
    /// No room for the tag.
    #[error("{have} bytes do not hold a {TAG_LEN}-byte tag")]
    TooShort {
        /// Bytes present.
        have: usize,
    },
    /// More than the cipher's 256 GiB under one nonce.
    #[error("too long for one nonce")]
    TooLong,
    /// The tag is not that of this content under this key and counter.
    #[error("authentication failed")]
    Unauthentic,
}

/// Splits a buffer into content and tag.
fn split_tag(buffer: &mut [u8]) -> Result<(&mut [u8], &mut [u8; TAG_LEN]), AeadError> {
    let have = buffer.len();
    buffer.split_last_chunk_mut().ok_or(AeadError::TooShort { have })
}

/// Four zero bytes, then the counter in little endian.
fn nonce(counter: Counter) -> [u8; 12] {
    let mut nonce = [0; 12];
    for (byte, value) in nonce.iter_mut().skip(4).zip(counter.0.to_le_bytes()) {
        *byte = value;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed<A: Aead>(key: [u8; 32], counter: u64, plain: &[u8]) -> Vec<u8> {
        let mut buffer = plain.to_vec();
        buffer.extend([0; TAG_LEN]);
        A::new(&TransportKey::from_bytes(key)).seal(Counter(counter), &mut buffer).unwrap();
        buffer
    }

    fn opened<A: Aead>(key: [u8; 32], counter: u64, mut sealed: Vec<u8>) -> Result<Vec<u8>, AeadError> {
        A::new(&TransportKey::from_bytes(key)).open(Counter(counter), &mut sealed).map(|plain| plain.to_vec())
    }

    proptest! {
        #[test]
        fn both_implementations_agree(key: [u8; 32], counter: u64, plain in prop::collection::vec(any::<u8>(), 0..600)) {
            let buffer = sealed::<RingKey>(key, counter, &plain);
            prop_assert_eq!(&buffer, &sealed::<PortableKey>(key, counter, &plain));
            prop_assert_eq!(opened::<RingKey>(key, counter, buffer.clone()), Ok(plain.clone()));
            prop_assert_eq!(opened::<PortableKey>(key, counter, buffer), Ok(plain));
        }

        #[test]
        fn any_change_is_noticed(key: [u8; 32], counter: u64, plain in prop::collection::vec(any::<u8>(), 0..64), at: prop::sample::Index, bit in 0..8) {
            let mut buffer = sealed::<RingKey>(key, counter, &plain);
            let at = at.index(buffer.len());
            prop_assert_eq!(opened::<RingKey>(key, counter ^ 1, buffer.clone()), Err(AeadError::Unauthentic));
            buffer[at] ^= 1_u8 << bit;
            prop_assert_eq!(opened::<RingKey>(key, counter, buffer.clone()), Err(AeadError::Unauthentic));
            prop_assert_eq!(opened::<PortableKey>(key, counter, buffer), Err(AeadError::Unauthentic));
        }
    }

    #[test]
    fn less_than_a_tag_is_refused() {
        let mut buffer = [0; 15];
        let short = Err(AeadError::TooShort { have: 15 });
        let key = TransportKey::from_bytes([1; 32]);
        assert_eq!(RingKey::new(&key).seal(Counter(0), &mut buffer), short);
        assert_eq!(PortableKey::new(&key).open(Counter(0), &mut buffer).map(|_| ()), short);
    }
}
