use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// Looks at every network.
#[derive(Debug, Default)]
struct Naive(BTreeMap<Prefix, u8>);

impl Naive {
    fn lookup(&self, addr: IpAddr) -> Option<&u8> {
        let within = self.0.iter().filter(|(prefix, _)| prefix.contains(addr));
        within.max_by_key(|(prefix, _)| prefix.len()).map(|(_, owner)| owner)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(Prefix, u8),
    Remove(Prefix),
    Drop(u8),
    Lookup(IpAddr),
}

/// Few distinct addresses, so that networks nest and meet.
fn addr() -> impl Strategy<Value = IpAddr> {
    let v4 = [0_u8..4, 0..2, 0..4, 0..8].prop_map(|[a, b, c, d]| [a << 6, b, c << 6, d].into());
    let v6 = (0_u16..4, 0_u16..3, any::<bool>(), 0_u16..4)
        .prop_map(|(a, b, far, d)| [a << 14, b, 0, 0, if far { 0x8000 } else { 0 }, 0, 0, d].into());
    let near = prop_oneof![v4.prop_map(IpAddr::V4), v6.prop_map(IpAddr::V6)];
    let any = prop_oneof![any::<Ipv4Addr>().prop_map(IpAddr::V4), any::<Ipv6Addr>().prop_map(IpAddr::V6)];
    prop_oneof![5 => near, 1 => any]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (addr(), 0_u8..=128).prop_map(|(addr, len)| {
        let len = if addr.is_ipv4() { len % 33 } else { len };
        Prefix::new(addr, len).unwrap()
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (prefix(), 0_u8..4).prop_map(|(prefix, owner)| Step::Insert(prefix, owner)),
        3 => prefix().prop_map(Step::Remove),
        1 => (0_u8..4).prop_map(Step::Drop),
        4 => addr().prop_map(Step::Lookup),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_list_of_networks(steps in prop::collection::vec(step(), 1..200)) {
        let (mut trie, mut naive) = (AllowedIps::new(), Naive::default());
        for step in steps {
            match step {
                Step::Insert(prefix, owner) => {
                    prop_assert_eq!(trie.insert(prefix, owner), naive.0.insert(prefix, owner));
                    prop_assert_eq!(trie.lookup(prefix.addr()), naive.lookup(prefix.addr()));
                }
                Step::Remove(prefix) => prop_assert_eq!(trie.remove(prefix), naive.0.remove(&prefix)),
                Step::Drop(owner) => {
                    trie.retain(|of| *of != owner);
                    naive.0.retain(|_, of| *of != owner);
                }
                Step::Lookup(addr) => prop_assert_eq!(trie.lookup(addr), naive.lookup(addr)),
            }
            let (have, need): (Vec<_>, Vec<_>) = (trie.iter().collect(), naive.0.iter().collect());
            prop_assert_eq!(have, need.into_iter().map(|(prefix, owner)| (*prefix, owner)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_removed_network_can_be_the_last(prefixes in prop::collection::btree_set(prefix(), 0..40)) {
        let mut trie = AllowedIps::new();
        for prefix in &prefixes {
            trie.insert(*prefix, ());
        }
        for prefix in &prefixes {
            prop_assert_eq!(trie.remove(*prefix), Some(()));
            prop_assert_eq!(trie.remove(*prefix), None);
        }
        prop_assert_eq!(trie.iter().count(), 0);
    }

    #[test]
    fn text_names_the_same_network(prefix in prefix()) {
        prop_assert_eq!(prefix.to_string().parse(), Ok(prefix));
    }
}

#[test]
fn longest_prefix_wins_whatever_the_order() {
    let networks = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"];
    for turn in 0..networks.len() {
        let mut allowed = AllowedIps::new();
        for at in 0..networks.len() {
            let network = networks[(at + turn) % networks.len()];
            allowed.insert(network.parse().unwrap(), network);
        }
        for (addr, owner) in [([10, 1, 2, 3], 3), ([10, 1, 2, 4], 2), ([10, 2, 0, 0], 1), ([9, 0, 0, 1], 0)] {
            assert_eq!(allowed.lookup(addr.into()), Some(&networks[owner]));
        }
    }
}

#[test]
fn families_do_not_mix() {
    let mut allowed = AllowedIps::new();
    allowed.insert("::/0".parse().unwrap(), 6);
    assert_eq!(allowed.lookup([10, 0, 0, 1].into()), None);
    allowed.insert("0.0.0.0/0".parse().unwrap(), 4);
    assert_eq!(allowed.lookup([10, 0, 0, 1].into()), Some(&4));
    assert_eq!(allowed.lookup(IpAddr::V6(Ipv6Addr::LOCALHOST)), Some(&6));
}

#[test]
fn what_is_no_network_is_refused() {
    use PrefixError::{NotALength, NotAnAddress, TooLong};
    assert_eq!("10.0.0.0/33".parse::<Prefix>(), Err(TooLong { have: 33, longest: 32 }));
    assert_eq!("::/129".parse::<Prefix>(), Err(TooLong { have: 129, longest: 128 }));
    for text in ["10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8", "::/999"] {
        assert_eq!(text.parse::<Prefix>(), Err(NotALength), "{text}");
    }
    for text in ["", "/8", "10.0.0/8", "node/24"] {
        assert_eq!(text.parse::<Prefix>(), Err(NotAnAddress), "{text}");
    }
    assert_eq!("10.1.2.3/8".parse::<Prefix>().unwrap().to_string(), "10.0.0.0/8");
    assert_eq!("10.1.2.3".parse::<Prefix>().unwrap().to_string(), "10.1.2.3/32");
}
