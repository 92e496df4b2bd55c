mod directory;

use std::collections::BTreeMap;

use proptest::prelude::*;
use wgtrace_decrypt::key::PublicKey;

use super::roster::Found;
use super::*;

fn entry(name: &str, addr: &str, cidr: &str, key: u8) -> Entry {
    Entry {
        name: name.parse().unwrap(),
        addresses: vec![addr.parse().unwrap()],
        pod_cidrs: vec![cidr.parse().unwrap()],
        public_key: Some(PublicKey::from_bytes([key; 32])),
        port: 51871,
    }
}

fn own() -> Entry {
    entry("worker", "172.18.0.3", "10.0.1.0/24", 3)
}

fn policy() -> Policy {
    Policy { pool: vec!["10.0.0.0/8".parse().unwrap()], nodes_in_pool: false }
}

fn roster() -> Roster {
    Roster::new(policy(), own())
}

fn found(entries: &[Entry]) -> BTreeMap<Name, Found> {
    entries.iter().map(|entry| (entry.name.clone(), Ok(entry.clone()))).collect()
}

fn two() -> [Entry; 2] {
    [entry("control-plane", "172.18.0.2", "10.0.0.0/24", 2), entry("worker2", "172.18.0.4", "10.0.2.0/24", 4)]
}

fn refusals(events: &[Event]) -> Vec<String> {
    let refusal = |event: &Event| match event {
        Event::Refused { entry, refusal } => Some(format!("{entry}: {refusal}")),
        Event::Removed(_) | Event::Changed { .. } | Event::Added(_) | Event::Withdrawn { .. } => None,
    };
    events.iter().filter_map(refusal).collect()
}

#[test]
fn an_entry_is_written_as_it_is_read() {
    let entry = own();
    assert_eq!(Entry::parse(entry.json().as_bytes()).unwrap(), entry);
    let newer = entry.json().replace("\"port\"", "\"colour\": \"blue\", \"port\"");
    assert_eq!(Entry::parse(newer.as_bytes()).unwrap(), entry);
    let keyless = Entry { public_key: None, ..entry };
    assert_eq!(Entry::parse(keyless.json().as_bytes()).unwrap(), keyless);
}

#[test]
fn nonsense_is_no_entry() {
    let good = own().json();
    for (from, to, part) in [
        ("{", "", "still being written"),
        ("\"worker\"", "\"a/b\"", "begins with a letter"),
        ("\"172.18.0.3\"", "", "without an address"),
        ("172.18.0.3", "127.0.0.1", "can be sent to"),
        ("10.0.1.0/24", "10.0.1.7/24", "the network is 10.0.1.0/24"),
        ("10.0.1.0/24", "10.0.1.0/33", "prefix length 33"),
        ("51871", "0", "0 is no port"),
        ("51871", "65536", "65536"),
        (&own().public_key.unwrap().to_string(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not zero"),
        (&own().public_key.unwrap().to_string(), "short", "44 characters"),
        ("\"port\"", "\"name\": \"x\", \"port\"", "duplicate"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good);
        let error = Entry::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn nodes_come_change_and_go() {
    let (mut roster, [one, two]) = (roster(), two());
    let events = roster.replace(found(&[one.clone(), two.clone(), own()]), BTreeMap::new());
    assert_eq!(events, [Event::Added(one.clone()), Event::Added(two.clone())]);
    let moved = Entry { addresses: vec!["172.18.0.9".parse().unwrap()], ..two.clone() };
    let events = roster.replace(found(std::slice::from_ref(&moved)), BTreeMap::new());
    assert_eq!(events, [Event::Removed(one), Event::Changed { before: two, now: moved.clone() }]);
    assert_eq!(roster.replace(found(std::slice::from_ref(&moved)), BTreeMap::new()), []);
}

#[test]
fn who_takes_what_another_has_is_refused_and_the_others_stay() {
    let [one, other] = two();
    for (hostile, part) in [
        (entry("a", "172.18.0.5", "10.0.5.0/24", 4), "a: it has the key of worker2"),
        (entry("a", "172.18.0.4", "10.0.5.0/24", 5), "a: it has 172.18.0.4, an address of worker2"),
        (entry("a", "172.18.0.5", "10.0.2.128/25", 5), "10.0.2.128/25 and 10.0.2.0/24 of worker2 overlap"),
        (entry("a", "172.18.0.5", "10.0.0.0/15", 5), "overlap"),
        (entry("a", "172.18.0.5", "10.0.5.0/24", 3), "a: it has the key of worker"),
        (entry("a", "172.18.0.3", "10.0.5.0/24", 5), "an address of worker"),
        (entry("a", "172.18.0.5", "10.0.1.0/25", 5), "of worker overlap"),
        (entry("a", "172.18.0.5", "0.0.0.0/0", 5), "is everything"),
        (entry("a", "172.18.0.5", "172.18.0.0/24", 5), "would not be encrypted"),
        (entry("a", "10.9.0.1", "10.0.5.0/24", 5), "ipam.nodes-in-pool is not set"),
        (entry("worker", "172.18.0.7", "10.0.7.0/24", 7), "worker: it has this node's name"),
    ] {
        for known in [false, true] {
            let mut roster = roster();
            if known {
                roster.replace(found(&[one.clone(), other.clone()]), BTreeMap::new());
            }
            // It stands in front, and is judged last where the others are known.
            let events =
                roster.replace(found(&[hostile.clone(), one.clone(), other.clone()]), BTreeMap::new());
            let told = refusals(&events);
            assert_eq!(told.len(), 1, "{events:?}");
            if known {
                assert!(told[0].contains(part), "{told:?}");
                assert_eq!(roster.nodes().len(), 2);
            }
        }
    }
}

#[test]
fn a_network_of_pods_with_nodes_in_it_is_refused() {
    let policy = Policy { nodes_in_pool: true, ..policy() };
    let mut roster = Roster::new(policy, own());
    let [one, other] = [entry("a", "10.9.0.1", "10.0.5.0/24", 5), entry("b", "10.9.0.2", "10.9.0.0/28", 6)];
    let events = roster.replace(found(&[one.clone(), other]), BTreeMap::new());
    let told = refusals(&events);
    assert!(told[0].contains("b: its pods' network 10.9.0.0/28 has 10.9.0.2 in it"), "{told:?}");
    let third = entry("c", "10.9.0.3", "10.9.0.0/31", 7);
    let events = roster.replace(found(&[one, third]), BTreeMap::new());
    assert!(refusals(&events)[0].contains("10.9.0.1 in it, a node's address (a)"), "{events:?}");
}

#[test]
fn a_torn_entry_leaves_its_node_as_it_was() {
    let (mut roster, [one, two]) = (roster(), two());
    roster.replace(found(&[one.clone(), two.clone()]), BTreeMap::new());
    let mut torn = found(std::slice::from_ref(&one));
    torn.insert(two.name.clone(), Err(Refusal::Unreadable(std::io::ErrorKind::Other)));
    let events = roster.replace(torn.clone(), BTreeMap::new());
    assert_eq!(refusals(&events).len(), events.len());
    assert_eq!(roster.nodes()[&two.name], two);
    assert_eq!(roster.replace(torn, BTreeMap::new()), [], "what is known is not told again");
    let withdrawn = Event::Withdrawn { entry: two.name.to_string() };
    assert_eq!(roster.replace(found(&[one, two]), BTreeMap::new()), [withdrawn]);
    assert!(roster.refused().is_empty());
}

#[test]
fn two_nodes_that_swap_their_addresses_are_followed_step_by_step() {
    let (mut roster, [one, other]) = (roster(), two());
    roster.replace(found(&[one.clone(), other.clone()]), BTreeMap::new());
    let swapped = [
        Entry { addresses: other.addresses.clone(), ..one.clone() },
        Entry { addresses: one.addresses.clone(), ..other.clone() },
    ];
    let events = roster.replace(found(&[swapped[0].clone(), other.clone()]), BTreeMap::new());
    assert_eq!(refusals(&events).len(), 1);
    assert_eq!(roster.nodes()[&one.name], one);
    let events = roster.replace(found(&swapped), BTreeMap::new());
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(roster.nodes()[&one.name], swapped[0]);
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (0..5u8, 0..6u8, 0..6u8, prop::sample::select(vec![23u8, 24, 25]), 0..6u8).prop_map(
        |(name, addr, third, len, key)| {
            entry(&format!("n{name}"), &format!("172.18.0.{addr}"), &format!("10.0.{third}.0/{len}"), key)
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_are_more_than_a_fault(at in 0..150usize, len in 0..20usize, more in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut json = own().json().into_bytes();
        json.splice(at..(at + len).min(json.len()), more);
        match Entry::parse(&json) {
            Ok(entry) => prop_assert_eq!(Entry::parse(entry.json().as_bytes()).unwrap(), entry),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn who_is_believed_never_contradicts_anybody(
        rounds in prop::collection::vec(prop::collection::vec((any_entry(), any::<bool>()), 0..6), 1..5),
    ) {
        let mut roster = roster();
        let mut told: BTreeMap<Name, Entry> = BTreeMap::new();
        let mut refused: BTreeMap<String, Refusal> = BTreeMap::new();
        for round in rounds {
            let found: BTreeMap<Name, Found> = round
                .into_iter()
                .map(|(entry, torn)| {
                    let name = entry.name.clone();
                    (name, if torn { Err(Refusal::NotAFile) } else { Ok(entry) })
                })
                .collect();
            let names: Vec<Name> = found.keys().cloned().collect();
            for event in roster.replace(found, BTreeMap::new()) {
                match event {
                    Event::Added(now) => {
                        refused.remove(now.name.as_str());
                        prop_assert!(told.insert(now.name.clone(), now).is_none());
                    }
                    Event::Changed { before, now } => {
                        refused.remove(now.name.as_str());
                        prop_assert_eq!(told.insert(now.name.clone(), now), Some(before));
                    }
                    Event::Removed(node) => prop_assert_eq!(told.remove(&node.name), Some(node)),
                    Event::Refused { entry, refusal } => drop(refused.insert(entry, refusal)),
                    Event::Withdrawn { entry } => prop_assert!(refused.remove(&entry).is_some()),
                }
            }
            prop_assert_eq!(&told, roster.nodes());
            prop_assert_eq!(&refused, roster.refused());
            prop_assert!(told.keys().all(|name| names.contains(name)));
            let everybody: Vec<&Entry> = told.values().chain([roster.own()]).collect();
            for (at, one) in everybody.iter().enumerate() {
                for other in everybody.iter().skip(at + 1) {
                    prop_assert_ne!(one.public_key, other.public_key);
                    prop_assert_ne!(&one.addresses, &other.addresses);
                    let [a, b] = [one.pod_cidrs[0], other.pod_cidrs[0]];
                    prop_assert!(!a.contains(b.addr()) && !b.contains(a.addr()));
                }
            }
        }
    }
}
