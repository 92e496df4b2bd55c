//! Key material: 32 bytes each, told apart by type, wiped on drop, never printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Length of every WireGuard key in bytes.
pub const KEY_LEN: usize = 32;

/// A Curve25519 private key, static or ephemeral; clamped when used, kept as given.
#[derive(Clone, ZeroizeOnDrop)]
pub struct PrivateKey([u8; KEY_LEN]);

/// A key known to two peers beforehand; all zero means none (whitepaper 5.2).
#[derive(Clone, ZeroizeOnDrop)]
pub struct PresharedKey([u8; KEY_LEN]);

/// The symmetric key of one direction of one session.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TransportKey([u8; KEY_LEN]);

/// A Curve25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; KEY_LEN]);

macro_rules! secret {
    ($type:ident) => {
        impl $type {
            /// Takes over 32 bytes of key material.
            pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
                Self(bytes)
            }

            /// The raw key; the caller keeps it as secret as this type does.
            pub fn expose(&self) -> &[u8; KEY_LEN] {
                &self.0
            }

            /// The key as base64, wiped on drop.
            pub fn expose_base64(&self) -> Zeroizing<String> {
                Zeroizing::new(STANDARD.encode(self.0))
            }

            /// Whether every byte is zero.
            pub fn is_zero(&self) -> bool {
                self.0.ct_eq(&[0; KEY_LEN]).into()
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $type {}

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    };
}

secret!(PrivateKey);
secret!(PresharedKey);
secret!(TransportKey);

impl PresharedKey {
    /// "No preshared key": thirty-two zero bytes.
    pub const NONE: Self = Self([0; KEY_LEN]);
}

impl PrivateKey {
    /// The public half.
    pub fn public(&self) -> PublicKey {
        let secret = x25519_dalek::StaticSecret::from(self.0);
        PublicKey(x25519_dalek::PublicKey::from(&secret).to_bytes())
    }

    /// Diffie-Hellman with `theirs`; `None` when the result is all zero, which only a low-order
    /// point yields.
    pub fn diffie_hellman(&self, theirs: &PublicKey) -> Option<Zeroizing<[u8; KEY_LEN]>> {
        let secret = x25519_dalek::StaticSecret::from(self.0);
        let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(theirs.0));
        shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
    }
}

impl PublicKey {
    /// Takes 32 bytes as a public key; every value is one.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The raw key.
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Decodes a key as tools print it: 44 characters of base64, or 64 hexadecimal digits.
pub fn parse(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    match text.len() {
        44 => {
            let mut decoded = STANDARD.decode(text).ok()?;
            let key = <[u8; KEY_LEN]>::try_from(decoded.as_slice()).ok().map(Zeroizing::new);
            decoded.zeroize();
            key
        }
        64 if text.is_ascii() => {
            let mut key = Zeroizing::new([0; KEY_LEN]);
            for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                let &[high, low] = pair else { return None };
                let digit = |c: u8| char::from(c).to_digit(16);
                *byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
            }
            Some(key)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_hex_name_the_same_key() {
        let key = PrivateKey::from_bytes([0xa5; 32]);
        let from_base64 = parse(&key.expose_base64()).unwrap();
        let from_hex = parse(&"a5".repeat(32)).unwrap();
        assert_eq!(*from_base64, *from_hex);
        assert_eq!(*from_hex, [0xa5; 32]);
    }

    #[test]
    fn wrong_lengths_and_alphabets_are_refused() {
        for text in ["", "AAAA", &"g".repeat(64), &"=".repeat(44), &"A".repeat(44), &"é".repeat(32)] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn low_order_points_share_nothing() {
        let mine = PrivateKey::from_bytes([7; 32]);
        assert!(mine.diffie_hellman(&PublicKey::from_bytes([0; 32])).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", PrivateKey::from_bytes([7; 32])), "PrivateKey(..)");
    }
}
