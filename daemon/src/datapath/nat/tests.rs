use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use wgtrace_tunnel::Prefix;

use super::expression::{decode, encode};
use super::*;
use crate::datapath::nfnetlink::Attributes;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn worker() -> Intent {
    Intent {
        pods: prefix("10.0.1.0/24"),
        native: Some(prefix("10.0.0.0/8")),
        router: "10.0.1.26".parse().unwrap(),
        router_device: "cilium_host".parse().unwrap(),
        nodes: ["172.18.0.2", "172.18.0.3", "172.18.0.4"].map(|node| node.parse().unwrap()).into(),
        native_device: Some("eth0".parse().unwrap()),
    }
}

/// What the kernel would show of a table that was applied to it.
fn in_force(table: &Table) -> FoundTable {
    let mut handle = 0;
    let mut rule = |rule: &Rule| {
        handle += 1;
        let Ok(decoded) = decode(&expressions(rule)) else { panic!("{rule}") };
        FoundRule {
            handle,
            expressions: decoded.expressions,
            comment: rule.commented().map(str::to_owned),
            counts: decoded.counts,
        }
    };
    FoundTable {
        dormant: false,
        sets: table.sets.iter().map(|set| FoundSet { set: set.clone(), plain: true }).collect(),
        chains: table
            .chains
            .iter()
            .map(|chain| FoundChain {
                name: chain.name.clone(),
                hook: chain.hook.map(FoundHook::Known),
                rules: chain.rules.iter().map(&mut rule).collect(),
            })
            .collect(),
    }
}

fn expressions(rule: &Rule) -> Vec<u8> {
    let mut list = Attributes::default();
    rule.expressions().iter().for_each(|expression| encode(expression, &mut list));
    list.as_bytes().unwrap().to_vec()
}

fn said(wanted: &Table, found: &FoundTable) -> Vec<String> {
    diff(wanted, Some(found)).iter().map(ToString::to_string).collect()
}

#[test]
fn the_workers_rules_stand_in_ciliums_order() {
    let table = worker().table().unwrap();
    let rules: Vec<_> = table.chains[0].rules.iter().map(ToString::to_string).collect();
    assert_eq!(rules.len(), 4);
    assert!(rules[0].starts_with("ip saddr 10.0.1.0/24 ip daddr @nodes counter return"));
    assert!(rules[1].starts_with(
        "ip saddr 10.0.1.0/24 ip daddr != 10.0.0.0/8 oifname != \"cilium_*\" counter masquerade"
    ));
    assert!(rules[2].starts_with("ip saddr 127.0.0.1 oifname \"cilium_host\" counter snat to 10.0.1.26"));
    assert!(rules[3].starts_with(
        "meta mark & 0x00000f00 == 0x00000f00 oifname \"cilium_host\" ct status dnat counter snat to 10.0.1.26"
    ));
}

#[test]
fn with_encryption_what_no_program_has_marked_does_not_leave() {
    let forward = worker().table().unwrap().chains.pop().unwrap();
    assert_eq!(forward.hook.unwrap().to_string(), "type filter hook forward priority filter;");
    let rules: Vec<_> = forward.rules.iter().map(ToString::to_string).collect();
    let unseen = "oifname \"eth0\" meta mark & 0x00000f00 == 0x00000000 counter drop comment ";
    assert!(rules[0].starts_with(&format!("iifname \"lxc*\" {unseen}")), "{rules:?}");
    assert!(rules[1].starts_with(&format!("iifname \"cilium_wg0\" {unseen}")), "{rules:?}");
    let open = Intent { native_device: None, ..worker() };
    assert_eq!(open.table().unwrap().chains.len(), 1);
}

#[test]
fn without_a_native_network_nothing_is_masqueraded() {
    let table = Intent { native: None, ..worker() }.table().unwrap();
    assert!(!table.to_string().contains("masquerade "), "{table}");
    assert_eq!(table.chains[0].rules.len(), 3);
}

#[test]
fn ipv6_has_a_table_of_its_own() {
    let intent = Intent {
        pods: prefix("fd00:1::/64"),
        native: Some(prefix("fd00::/20")),
        router: "fd00:1::26".parse().unwrap(),
        nodes: ["172.18.0.2", "fc00::2"].map(|node| node.parse().unwrap()).into(),
        ..worker()
    };
    let table = intent.table().unwrap();
    assert_eq!(table.sets[0].addresses, BTreeSet::from(["fc00::2".parse().unwrap()]));
    let text = table.to_string();
    assert!(text.starts_with("table ip6 wgtrace_nat {"), "{text}");
    assert!(text.contains("ip6 saddr fd00:1::/64 ip6 daddr @nodes"), "{text}");
    assert_eq!(said(&table, &in_force(&table)), [""; 0]);
}

#[test]
fn families_do_not_mix() {
    let error = Intent { router: "fd00::1".parse().unwrap(), ..worker() }.table().unwrap_err();
    assert!(error.to_string().starts_with("NAT of 10.0.1.0/24 cannot involve fd00::1/128"), "{error}");
}

#[test]
fn a_table_in_force_has_no_differences() {
    let ours = worker().table().unwrap();
    let kube = kube_proxy::table("kube", Some(prefix("10.0.0.0/12")), &kube_proxy::walkthrough());
    for table in [ours, kube] {
        assert_eq!(said(&table, &in_force(&table)), [""; 0]);
    }
}

#[test]
fn each_thing_that_is_off_is_told() {
    let table = worker().table().unwrap();
    assert_eq!(diff(&table, None)[0].to_string(), "table ip wgtrace_nat: missing");

    let mut found = in_force(&table);
    let chain = &mut found.chains[0];
    let masquerade = chain.rules.remove(1);
    found.dormant = true;
    found.sets[0].set.addresses.pop_first();
    found.sets[0].set.addresses.insert("172.18.0.9".parse().unwrap());
    let said = self::said(&table, &found);
    assert_eq!(said[0], "table ip wgtrace_nat: switched off (dormant)");
    assert_eq!(said[1], "table ip wgtrace_nat: set nodes: 172.18.0.2 missing");
    assert_eq!(said[2], "table ip wgtrace_nat: set nodes: 172.18.0.9 not ours");
    assert!(
        said[3].starts_with("table ip wgtrace_nat: chain postrouting: rule missing: ip saddr 10.0.1.0/24 ip")
    );

    let mut found = in_force(&table);
    found.chains[0].rules.push(FoundRule { handle: 77, comment: None, ..masquerade });
    let said = self::said(&table, &found);
    assert_eq!(
        said,
        [
            "table ip wgtrace_nat: chain postrouting: rule with handle 77 not ours: [ payload load 3b @ network \
          header + 12 => reg 1 ] [ cmp eq reg 1 0x0001000a ] [ payload load 1b @ network header + 16 => reg 1 ] \
          [ cmp neq reg 1 0x0000000a ] [ meta load oifname => reg 1 ] [ cmp neq reg 1 0x696c6963 0x005f6d75 ] \
          [ counter ] [ masq ]"
        ]
    );

    let mut found = in_force(&table);
    found.chains[0].rules.swap(0, 1);
    found.chains[0].hook = table.chains[0].hook.map(|hook| FoundHook::Known(Hook { priority: 100, ..hook }));
    found.chains.push(FoundChain { name: "extra".into(), hook: None, rules: Vec::new() });
    found.sets[0].plain = false;
    let said = self::said(&table, &found);
    assert_eq!(said[0], "table ip wgtrace_nat: set nodes: missing");
    assert_eq!(said[1], "table ip wgtrace_nat: set nodes: not ours");
    assert_eq!(
        said[2],
        "table ip wgtrace_nat: chain postrouting: entered at type nat hook postrouting priority srcnat; \
         instead of type nat hook postrouting priority srcnat - 1;"
    );
    assert_eq!(said[3], "table ip wgtrace_nat: chain postrouting: rules in another order");
    assert_eq!(said[4], "table ip wgtrace_nat: chain extra: not ours");
}

#[test]
fn kube_proxys_names_are_the_walkthroughs() {
    let service = &kube_proxy::walkthrough()[0];
    assert_eq!(service.chain(), "KUBE-SVC-CU7F3MNN62CF4ANP");
    let table = kube_proxy::table("kube", None, &kube_proxy::walkthrough());
    let chain = |name: &str| table.chains.iter().find(|chain| chain.name == name).unwrap();
    assert_eq!(
        chain("KUBE-NODEPORTS").rules[0].to_string(),
        "tcp dport 32000 counter jump KUBE-SVC-CU7F3MNN62CF4ANP comment \"default/serversvc:cni\""
    );
    let rules = &chain("KUBE-SVC-CU7F3MNN62CF4ANP").rules;
    assert!(rules[0].to_string().starts_with("tcp dport 32000 counter jump KUBE-MARK-MASQ"));
    assert!(rules[1].to_string().starts_with("numgen random mod 2 0 counter jump KUBE-SEP-"));
    assert!(rules[2].to_string().starts_with("counter jump KUBE-SEP-"));
    assert_eq!(rules.len(), 3);
}

#[test]
fn long_comments_end_at_a_letter() {
    let rule = Rule::new([]).comment(&"ä".repeat(200));
    assert_eq!(rule.commented().map(str::len), Some(126));
}

#[test]
fn a_comment_is_found_behind_other_data() {
    assert_eq!(read::comment(b"\x00\x03ab\0").as_deref(), Some("ab"));
    assert_eq!(read::comment(b"\x01\x02zz\x00\x03ab\0").as_deref(), Some("ab"));
    assert_eq!(read::comment(b"\x01\x02zz"), None);
    assert_eq!(read::comment(b"\x00\x09ab"), None);
    assert_eq!(read::comment(b"\x00"), None);
}

fn statement() -> impl Strategy<Value = Statement> {
    let is = prop_oneof![Just(Is::Equal), Just(Is::Not)];
    let network = (any::<IpAddr>(), 0..=32_u8).prop_map(|(addr, len)| Prefix::new(addr, len).unwrap());
    let device = "[a-z_]{1,15}"
        .prop_flat_map(|name| prop_oneof![Just(Device::Named(name.clone())), Just(Device::Prefixed(name))]);
    prop_oneof![
        (is.clone(), network.clone()).prop_map(|(is, network)| Statement::Source(is, network)),
        (is.clone(), network).prop_map(|(is, network)| Statement::Destination(is, network)),
        (is.clone(), device.clone()).prop_map(|(is, device)| Statement::Output(is, device)),
        (is.clone(), device).prop_map(|(is, device)| Statement::Input(is, device)),
        any::<u16>().prop_map(|port| Statement::DestinationPort(Transport::Udp, port)),
        (is, any::<u32>(), any::<u32>()).prop_map(|(is, mask, value)| Statement::Mark { is, mask, value }),
        any::<u32>().prop_map(Statement::SetMark),
        (1..9_u32).prop_map(Statement::OnceIn),
        any::<IpAddr>().prop_map(Statement::SourceTo),
        any::<std::net::SocketAddr>().prop_map(Statement::DestinationTo),
        "[A-Z-]{1,28}".prop_map(|chain| Statement::Verdict(Verdict::Jump(chain))),
        Just(Statement::Verdict(Verdict::Drop)),
        Just(Statement::DestinationIsLocal),
        Just(Statement::StateInvalid),
        Just(Statement::Masquerade { fully_random: true }),
        Just(Statement::DestinationIn(Family::IPV6, "nodes".into())),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(statements in proptest::collection::vec(statement(), 0..6)) {
        let rule = Rule::new(statements);
        prop_assert_eq!(decode(&expressions(&rule)).unwrap().expressions, rule.expressions());
    }

    #[test]
    fn no_bytes_break_the_reader(
        statements in proptest::collection::vec(statement(), 1..4),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut bytes = expressions(&Rule::new(statements));
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(decoded) = decode(&bytes) {
            decoded.expressions.iter().for_each(|expression| drop(expression.to_string()));
        }
    }
}
