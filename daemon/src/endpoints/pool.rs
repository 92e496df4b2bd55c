//! Which address is free.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use thiserror::Error;

use super::EndpointKey;

/// The addresses of the node's pod CIDR, given out one after the other.
///
/// An address given back is given out again as late as possible: peers and connection tracking may
/// still know its last holder.
#[derive(Debug, Clone)]
pub struct Pool {
    network: u32,
    len: u8,
    reserved: BTreeMap<Ipv4Addr, &'static str>,
    taken: BTreeMap<Ipv4Addr, EndpointKey>,
    /// Where to look first.
    next: u32,
}

impl Pool {
    /// A pool of `network`/`len`; network, broadcast, router and health addresses are nobody's.
    ///
    /// The health address is the last one before broadcast that is not the router's.
    ///
    /// # Errors
    /// When the network is too small, or the router is not in it.
    pub fn new(network: Ipv4Addr, len: u8, router: Ipv4Addr) -> Result<Self, PoolError> {
        if len > MOST_BITS {
            return Err(PoolError::TooSmall { network, len });
        }
        let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
        let first = u32::from(network) & mask;
        let broadcast = first | !mask;
        let mut pool =
            Self { network: first, len, reserved: BTreeMap::new(), taken: BTreeMap::new(), next: first };
        pool.reserved.insert(first.into(), "the network's own");
        pool.reserved.insert(broadcast.into(), "broadcast");
        if !pool.contains(router) {
            return Err(PoolError::OutOfPool { address: router, pool: pool.cidr() });
        }
        if let Some(what) = pool.reserved.insert(router, "the router's") {
            return Err(PoolError::Reserved { address: router, what });
        }
        let last = Ipv4Addr::from(broadcast - 1);
        let health = if last == router { Ipv4Addr::from(broadcast - 2) } else { last };
        pool.reserved.insert(health, "the health endpoint's");
        Ok(pool)
    }

    /// Gives an address to `key`: that one if it is asked for, else any.
    ///
    /// # Errors
    /// When it cannot be had, or none is left.
    pub fn allocate(&mut self, key: &EndpointKey, wanted: Option<Ipv4Addr>) -> Result<Ipv4Addr, PoolError> {
        let address = match wanted {
            Some(address) => self.check(address).map(|()| address)?,
            None => {
                self.any().ok_or_else(|| PoolError::Exhausted { pool: self.cidr(), size: self.size() })?
            }
        };
        self.next = u32::from(address).wrapping_add(1);
        self.taken.insert(address, key.clone());
        Ok(address)
    }

    /// Takes the address back; whether somebody had it.
    pub fn release(&mut self, address: Ipv4Addr) -> bool {
        self.taken.remove(&address).is_some()
    }

    /// Whether the address is one of this network's.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let offset = u32::from(address).wrapping_sub(self.network);
        u64::from(offset) < 1 << (32 - u32::from(self.len))
    }

    /// The network as it is written.
    pub fn cidr(&self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.network), self.len)
    }

    /// How many addresses are given out.
    pub fn allocated(&self) -> u64 {
        self.taken.len() as u64
    }

    /// How many addresses can be given out, those given out included.
    pub fn size(&self) -> u64 {
        (1 << (32 - u32::from(self.len))) - self.reserved.len() as u64
    }

    fn check(&self, address: Ipv4Addr) -> Result<(), PoolError> {
        if !self.contains(address) {
            return Err(PoolError::OutOfPool { address, pool: self.cidr() });
        }
        if let Some(what) = self.reserved.get(&address) {
            return Err(PoolError::Reserved { address, what });
        }
        if let Some(holder) = self.taken.get(&address) {
            return Err(PoolError::Taken { address, holder: holder.clone() });
        }
        Ok(())
    }

    /// The next free address, once around.
    fn any(&self) -> Option<Ipv4Addr> {
        let count = 1_u64 << (32 - u32::from(self.len));
        let start = u64::from(self.next.wrapping_sub(self.network)) % count;
        (0..count).find_map(|step| {
            let offset = u32::try_from((start + step) % count).ok()?;
            let address = Ipv4Addr::from(self.network.wrapping_add(offset));
            (!self.reserved.contains_key(&address) && !self.taken.contains_key(&address)).then_some(address)
        })
    }
}

/// Why there is no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PoolError {
    /// Not enough room for the addresses that are nobody's and a pod.
    #[error("pod CIDR {network}/{len} is too small: /{MOST_BITS} is the smallest")]
    TooSmall {
        /// The network.
        network: Ipv4Addr,
        /// Its length.
        len: u8,
    },
    /// Every address is somebody's.
    #[error(
        "no address is left in {pool}: all {size} are in use; delete pods, or give the node a larger pod CIDR"
    )]
    Exhausted {
        /// The network.
        pool: String,
        /// Addresses that could be given out.
        size: u64,
    },
    /// Asked for, but another network's.
    #[error("{address} is not in this node's pod CIDR {pool}")]
    OutOfPool {
        /// The address asked for.
        address: Ipv4Addr,
        /// The network.
        pool: String,
    },
    /// Asked for, but never given out.
    #[error("{address} is {what} address: ask for another")]
    Reserved {
        /// The address asked for.
        address: Ipv4Addr,
        /// Whose it is.
        what: &'static str,
    },
    /// Asked for, but given out.
    #[error("{address} is held by {holder}: delete that first, or ask for another")]
    Taken {
        /// The address asked for.
        address: Ipv4Addr,
        /// Who has it.
        holder: EndpointKey,
    },
}

/// Network, broadcast, router, health, and some pods.
const MOST_BITS: u8 = 29;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key(n: u32) -> EndpointKey {
        EndpointKey::new(&format!("c{n}"), "eth0").unwrap()
    }

    fn worker() -> Pool {
        Pool::new([10, 0, 1, 0].into(), 24, [10, 0, 1, 26].into()).unwrap()
    }

    #[test]
    fn reserved_addresses_are_never_given_out() {
        let mut pool = worker();
        for reserved in [0, 26, 254, 255] {
            let refused = pool.allocate(&key(0), Some([10, 0, 1, reserved].into()));
            assert!(matches!(refused, Err(PoolError::Reserved { .. })), "{refused:?}");
        }
        let all: BTreeSet<_> = (0..252).map(|n| pool.allocate(&key(n), None).unwrap()).collect();
        assert_eq!((all.len(), pool.size(), pool.allocated()), (252, 252, 252));
        assert!(![0, 26, 254, 255].iter().any(|host| all.contains(&Ipv4Addr::from([10, 0, 1, *host]))));
        let exhausted = pool.allocate(&key(999), None).unwrap_err();
        assert!(exhausted.to_string().contains("all 252 are in use"), "{exhausted}");
    }

    #[test]
    fn an_address_that_is_asked_for_is_given_once() {
        let mut pool = worker();
        let address = Ipv4Addr::from([10, 0, 1, 54]);
        assert_eq!(pool.allocate(&key(1), Some(address)), Ok(address));
        assert_eq!(pool.allocate(&key(2), Some(address)), Err(PoolError::Taken { address, holder: key(1) }));
        let far = Ipv4Addr::from([10, 0, 2, 54]);
        assert!(matches!(pool.allocate(&key(2), Some(far)), Err(PoolError::OutOfPool { .. })));
        assert!(pool.release(address) && !pool.release(address));
        assert_eq!(pool.allocate(&key(2), Some(address)), Ok(address));
    }

    #[test]
    fn an_address_given_back_is_given_out_last() {
        let mut pool = worker();
        let first = pool.allocate(&key(0), None).unwrap();
        pool.release(first);
        let others: Vec<_> = (1..252).map(|n| pool.allocate(&key(n), None).unwrap()).collect();
        assert!(!others.contains(&first));
        assert_eq!(pool.allocate(&key(252), None), Ok(first));
    }

    #[test]
    fn a_router_elsewhere_and_a_network_too_small_are_refused() {
        let elsewhere = Pool::new([10, 0, 1, 0].into(), 24, [10, 0, 2, 1].into());
        assert!(matches!(elsewhere, Err(PoolError::OutOfPool { .. })));
        let small = Pool::new([10, 0, 1, 0].into(), 30, [10, 0, 1, 1].into());
        assert!(matches!(small, Err(PoolError::TooSmall { .. })));
        let last = Pool::new([10, 0, 1, 0].into(), 29, [10, 0, 1, 6].into()).unwrap();
        assert_eq!(last.size(), 4);
    }

    proptest! {
        #[test]
        fn no_address_is_held_twice(steps in prop::collection::vec((any::<bool>(), 0_u8..16), 0..300)) {
            let mut pool = Pool::new([10, 0, 1, 0].into(), 28, [10, 0, 1, 1].into()).unwrap();
            let mut held = Vec::new();
            for (at, (take, which)) in steps.into_iter().enumerate() {
                if take {
                    match pool.allocate(&key(u32::try_from(at).unwrap()), None) {
                        Ok(address) => {
                            prop_assert!(!held.contains(&address) && pool.contains(address));
                            held.push(address);
                        }
                        Err(error) => {
                            let exhausted = matches!(error, PoolError::Exhausted { .. });
                            prop_assert!(exhausted && held.len() == 12);
                        }
                    }
                } else if !held.is_empty() {
                    let address = held.remove(usize::from(which) % held.len());
                    prop_assert!(pool.release(address));
                }
                prop_assert_eq!(pool.allocated(), held.len() as u64);
            }
        }
    }
}
