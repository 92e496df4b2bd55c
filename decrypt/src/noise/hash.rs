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
