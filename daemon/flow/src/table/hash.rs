use zerocopy::IntoBytes;

use crate::key::FlowKey;

/// A keyed hash of flow keys.
///
/// Whoever sends packets chooses keys, and must not choose collisions. This is NH (RFC 4418, 5.2.2) over
/// 64-bit words: for any two keys chosen without knowing the words in here, the chance to collide before the
/// last step is 2^-64, by proof, for three multiplications. Hashes with fixed multipliers have inputs that
/// collide whatever their seed; `SipHash` has none and takes several times as long for 38 bytes.
#[derive(Clone)]
pub(super) struct KeyHash {
    keys: [u64; 8],
}

impl KeyHash {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self { keys: [(); 8].map(|()| split_mix(&mut state)) }
    }

    #[inline]
    pub(super) fn of(&self, key: &FlowKey) -> u64 {
        let (words, tail) = key.as_bytes().as_chunks::<8>();
        let mut last = [0; 8];
        for (place, byte) in last.iter_mut().zip(tail) {
            *place = *byte;
        }
        let &[w0, w1, w2, w3] = words else { return 0 };
        let [w0, w1, w2, w3, w4] = [w0, w1, w2, w3, last].map(u64::from_le_bytes);
        let [k0, k1, k2, k3, k4, k5, k6, k7] = self.keys;
        let sum = wide(w0.wrapping_add(k0), w1.wrapping_add(k1))
            .wrapping_add(wide(w2.wrapping_add(k2), w3.wrapping_add(k3)))
            .wrapping_add(wide(w4.wrapping_add(k4), k5));
        let (low, high) = halves(sum);
        let (low, high) = halves(wide(low.wrapping_add(k6), high.wrapping_add(k7)));
        low ^ high
    }
}

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHash")
    }
}

fn wide(a: u64, b: u64) -> u128 {
    u128::from(a).wrapping_mul(u128::from(b))
}

fn halves(value: u128) -> (u64, u64) {
    let low = value & u128::from(u64::MAX);
    (u64::try_from(low).unwrap_or(0), u64::try_from(value >> 64).unwrap_or(0))
}

/// The next of a sequence of words from one seed (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}
