use std::collections::BTreeMap;

use rand_core::CryptoRng;
use wgtrace_wire::wireguard::SessionIndex;

use crate::session::PeerId;

/// The session indices in use at this end, of handshakes in progress and of sessions.
#[derive(Debug, Default)]
pub(crate) struct Indices(BTreeMap<SessionIndex, PeerId>);

impl Indices {
    /// A random index that is free.
    pub(crate) fn allocate(&mut self, peer: PeerId, rng: &mut dyn CryptoRng) -> SessionIndex {
        loop {
            let index = SessionIndex(rng.next_u32());
            // A peer holds at most four, so that nearly all of 2^32 are free.
            if let std::collections::btree_map::Entry::Vacant(free) = self.0.entry(index) {
                free.insert(peer);
                return index;
            }
        }
    }

    pub(crate) fn owner(&self, index: SessionIndex) -> Option<PeerId> {
        self.0.get(&index).copied()
    }

    pub(crate) fn release(&mut self, index: SessionIndex) {
        self.0.remove(&index);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use rand_core::{TryCryptoRng, TryRng};

    use super::*;

    /// Says each number three times.
    struct Stutter(u32);

    impl TryRng for Stutter {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            self.0 += 1;
            Ok(self.0 / 3)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.try_next_u32().map(u64::from)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.fill(0);
            Ok(())
        }
    }

    impl TryCryptoRng for Stutter {}

    #[test]
    fn no_index_is_given_twice_while_it_is_in_use() {
        let (mut indices, mut rng) = (Indices::default(), Stutter(2));
        let given: Vec<_> = (0..5).map(|peer| indices.allocate(PeerId(peer), &mut rng)).collect();
        assert_eq!(given, [1, 2, 3, 4, 5].map(SessionIndex));
        assert_eq!(indices.owner(SessionIndex(2)), Some(PeerId(1)));
        indices.release(SessionIndex(2));
        assert_eq!(indices.owner(SessionIndex(2)), None);
        assert_eq!(indices.allocate(PeerId(9), &mut Stutter(5)), SessionIndex(2));
    }
}
