//! Any expression against a naive reading of it.

use proptest::prelude::*;

use crate::filter::Filter;
use crate::v1::{EncryptionState, Packet, Party};

/// An expression as somebody may write it, with what is between its words.
#[derive(Debug, Clone)]
enum Written {
    Condition(usize),
    Not(Box<Self>, bool),
    And(Box<Self>, Box<Self>, u8),
    Or(Box<Self>, Box<Self>, bool),
}

type Holds = fn(&Packet) -> bool;

fn ends(packet: &Packet) -> [Party; 2] {
    [packet.source.clone().unwrap_or_default(), packet.destination.clone().unwrap_or_default()]
}

const CONDITIONS: [(&str, Holds); 14] = [
    ("tcp", |p| p.protocol == 6),
    ("proto=17", |p| p.protocol == 17),
    ("port 80-81", |p| ends(p).iter().any(|end| (80..=81).contains(&end.port))),
    ("src port=81", |p| ends(p)[0].port == 81),
    ("ip 10.0.0.0/30", |p| ends(p).iter().any(|end| matches!(&*end.address, "10.0.0.1" | "10.0.0.2"))),
    ("dst ip=10.0.0.4", |p| ends(p)[1].address == "10.0.0.4"),
    ("pod='default/net'", |p| ends(p).iter().any(|end| end.pod == "default/net")),
    ("dst pod=default/cni", |p| ends(p)[1].pod == "default/cni-6x"),
    ("pod!=*", |p| ends(p).iter().all(|end| end.pod.is_empty())),
    ("encrypted", |p| p.encryption == EncryptionState::Encrypted as i32),
    ("clear", |p| matches!(p.encryption, 2 | 3)),
    ("dropped", |p| p.verdict == "dropped"),
    ("node=worker", |p| p.node == "c-worker"),
    ("ipv6", |p| ends(p).iter().any(|end| end.address.contains(':'))),
];

impl Written {
    fn text(&self) -> String {
        match self {
            Self::Condition(number) => CONDITIONS[*number].0.to_owned(),
            Self::Not(inner, symbol) => format!("{}({})", if *symbol { "!" } else { "not " }, inner.text()),
            Self::And(one, other, joint) => {
                let joint = [" and ", "&&", " AND ", "  "][usize::from(*joint)];
                format!("({}){joint}({})", one.text(), other.text())
            }
            // `and` binds closer, so that these need no parentheses
            Self::Or(one, other, symbol) => {
                format!("{}{}{}", one.text(), if *symbol { "||" } else { " or " }, other.text())
            }
        }
    }

    fn holds(&self, packet: &Packet) -> bool {
        match self {
            Self::Condition(number) => CONDITIONS[*number].1(packet),
            Self::Not(inner, _) => !inner.holds(packet),
            Self::And(one, other, _) => one.holds(packet) && other.holds(packet),
            Self::Or(one, other, _) => one.holds(packet) || other.holds(packet),
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let condition = (0..CONDITIONS.len()).prop_map(Written::Condition);
    condition.prop_recursive(5, 40, 2, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            (boxed(), any::<bool>()).prop_map(|(inner, symbol)| Written::Not(inner, symbol)),
            (boxed(), boxed(), 0..4_u8).prop_map(|(one, other, joint)| Written::And(one, other, joint)),
            (boxed(), boxed(), any::<bool>())
                .prop_map(|(one, other, symbol)| Written::Or(one, other, symbol)),
        ]
    })
}

fn party() -> impl Strategy<Value = Option<Party>> {
    let address = prop::sample::select(vec!["10.0.0.1", "10.0.0.2", "10.0.0.4", "fd00::1", ""]);
    let pod = prop::sample::select(vec!["default/net", "default/cni-6x", "other/net-1", ""]);
    prop::option::of((address, 79..83_u32, pod).prop_map(|(address, port, pod)| Party {
        address: address.into(),
        port,
        pod: pod.into(),
        node: String::new(),
    }))
}

fn packet() -> impl Strategy<Value = Packet> {
    let protocol = prop::sample::select(vec![6_u32, 17, 1, 0]);
    let verdict = prop::sample::select(vec!["dropped", "forwarded"]);
    let node = prop::sample::select(vec!["c-worker", "c-worker2"]);
    (party(), party(), protocol, verdict, node, 0..4_i32).prop_map(
        |(source, destination, protocol, verdict, node, encryption)| Packet {
            source,
            destination,
            protocol,
            verdict: verdict.into(),
            node: node.into(),
            encryption,
            ..Default::default()
        },
    )
}

proptest! {
    #[test]
    fn a_filter_wants_what_was_written(written in written(), packets in prop::collection::vec(packet(), 1..8)) {
        let text = written.text();
        let filter: Filter = text.parse().unwrap();
        for packet in &packets {
            prop_assert_eq!(filter.matches(packet), written.holds(packet), "{} {:?}", text, packet);
        }
        let shown = filter.to_string();
        prop_assert_eq!(shown.parse(), Ok(filter), "{}", shown);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(
        words in prop::collection::vec("tcp|and|or|not|\\(|\\)|!|port|80|pod=|src|\"|'|\\\\|=|é|[ -~]{1,4}|\\PC", 0..24),
        between in " ?",
    ) {
        let text = words.join(&between);
        match text.parse::<Filter>() {
            Ok(filter) => prop_assert_eq!(filter.to_string().parse(), Ok(filter)),
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{} {}", text, error);
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
