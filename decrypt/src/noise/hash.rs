//! BLAKE2s (RFC 7693) in the three shapes of whitepaper 5.4: hash, keyed MAC, HMAC-based KDF.

use blake2::digest::consts::U16;
use blake2::digest::{FixedOutput as _, KeyInit as _, Update as _};
use blake2::{Blake2s256, Blake2sMac, Digest as _};
use zeroize::Zeroizing;

/// 32 bytes that are key material.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// HASH: unkeyed, 32 bytes, over the concatenation of `parts`.
pub(super) fn hash<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut state = Blake2s256::new();
    for part in parts {
        blake2::Digest::update(&mut state, part);
    }
    state.finalize().into()
}

/// MAC: BLAKE2s's own keyed mode, 16 bytes of output. Not HMAC.
pub(super) fn mac<const KEY: usize, const N: usize>(key: &[u8; KEY], parts: [&[u8]; N]) -> [u8; 16] {
    const { assert!(KEY <= 32) }
    #[expect(clippy::expect_used, reason = "the key's length is checked when this is compiled")]
    let mut state = Blake2sMac::<U16>::new_from_slice(key).expect("at most 32 bytes");
    for part in parts {
        state.update(part);
    }
    state.finalize_fixed().into()
}

/// KDF of one to three outputs: HMAC-BLAKE2s extract, then expand.
pub(super) fn kdf<const N: usize>(chaining: &[u8; 32], input: &[u8]) -> [Secret; N] {
    const { assert!(N >= 1 && N <= 3) }
    let secret = hmac(chaining, [input]);
    let mut previous: Option<Secret> = None;
    let mut counter = 0;
    std::array::from_fn(|_| {
        counter += 1;
        let output = match &previous {
            None => hmac(&secret, [&[counter]]),
            Some(previous) => hmac(&secret, [previous.as_slice(), &[counter]]),
        };
        previous = Some(output.clone());
        output
    })
}

/// RFC 2104 over BLAKE2s, whose block has 64 bytes; the key never exceeds a block.
fn hmac<const N: usize>(key: &[u8; 32], parts: [&[u8]; N]) -> Secret {
    let pad = |fill: u8| {
        let mut block = Zeroizing::new([fill; 64]);
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        let mut state = Blake2s256::new();
        blake2::Digest::update(&mut state, *block);
        state
    };
    let mut inner = pad(0x36);
    for part in parts {
        blake2::Digest::update(&mut inner, part);
    }
    let inner: Secret = Zeroizing::new(inner.finalize().into());
    let mut outer = pad(0x5c);
    blake2::Digest::update(&mut outer, inner.as_slice());
    Zeroizing::new(outer.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        *crate::key::parse(hex).unwrap()
    }

    /// RFC 7693, appendix B.
    #[test]
    fn hash_is_blake2s() {
        let expected = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
        assert_eq!(hash([b"abc"]), bytes(expected));
        assert_eq!(hash([b"a", b"", b"bc"]), bytes(expected));
    }

    /// Expected values: Python's `hashlib.blake2s(b"abc", key=.., digest_size=16)`.
    #[test]
    fn mac_is_keyed_blake2s() {
        let key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(u128::from_be_bytes(mac(&key, [b"a", b"bc"])), 0x61ba_5f16_5c19_4692_e09d_1252_0cc4_c74a);
        let key: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(u128::from_be_bytes(mac(&key, [b"abc"])), 0x7529_6c2d_2c0f_5121_0b38_3f38_6bc8_b1ff);
    }

    /// Expected values: Python's `hmac` over `hashlib.blake2s`, chained as whitepaper 5.4 has it.
    #[test]
    fn kdf_chains_hmacs() {
        let key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let expected = [
            "87b7f70b24183c6db5dc4f6d9f4c47cdb203321aa2a0bef714896adb3107a040",
            "538a02e1eb2e31b7e4d4b82476d1fe2acf50085d3fb584537279195f5d1f5824",
            "9ad858025593be88de0f9442a589cfe84a88dc19e4753d93684d1c5efc4837f9",
        ]
        .map(bytes);
        assert_eq!(kdf::<3>(&key, b"input").map(|output| *output), expected);
        assert_eq!(kdf::<1>(&key, b"input").map(|output| *output), expected[..1]);
    }
}
