use super::*;
use wgtrace_abi::{PortRange, Prefix, Rule};

fn rules(expression: &str) -> Vec<Rule> {
    let filter = compile(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    filter.rules[..filter.count as usize].to_vec()
}

fn prefix(text: &str) -> Prefix {
    let (address, bits) = text.split_once('/').unwrap();
    Prefix::new(address.parse().unwrap(), bits.parse().unwrap()).unwrap()
}

fn complaint(expression: &str) -> String {
    expression.parse::<HookFilter>().unwrap_err().to_string()
}

#[test]
fn an_empty_expression_wants_everything() {
    assert_eq!(compile("  ").unwrap(), Filter::default());
}

#[test]
fn a_host_is_one_rule_for_both_ways() {
    let expected =
        Rule { source: prefix("10.0.0.1/32"), ethertype: 0x0800, flags: Rule::BOTH_WAYS, ..Rule::default() };
    assert_eq!(rules("host 10.0.0.1"), [expected]);
}

#[test]
fn a_port_may_be_on_the_other_side_than_the_host() {
    let rules = rules("host 10.0.0.1 and port 80");
    assert_eq!(rules.len(), 2);
    assert!(rules.iter().all(|rule| rule.flags == Rule::BOTH_WAYS && rule.source == prefix("10.0.0.1/32")));
    assert_eq!([rules[0].source_ports, rules[1].destination_ports], [PortRange::one(80); 2]);
}

#[test]
fn two_hosts_are_the_traffic_between_them() {
    let rules = rules("host 10.0.0.1 and host 10.0.0.2");
    assert_eq!(rules.len(), 1);
    assert_eq!((rules[0].source, rules[0].destination), (prefix("10.0.0.1/32"), prefix("10.0.0.2/32")));
    assert_eq!(rules[0].flags, Rule::BOTH_WAYS);
}

#[test]
fn a_direction_is_kept() {
    let rules = rules("src net 10.0.2.0/24 && dst portrange 8000-8080");
    let expected = Rule {
        source: prefix("10.0.2.0/24"),
        destination_ports: PortRange { low: 8000, high: 8080 },
        ethertype: 0x0800,
        ..Rule::default()
    };
    assert_eq!(rules, [expected]);
    assert_eq!(super::tests::rules("src 10.0.0.1"), super::tests::rules("src host 10.0.0.1"));
}

#[test]
fn protocols_stand_alone_or_before_a_port() {
    assert_eq!(rules("tcp port 80"), rules("tcp and port 80"));
    assert_eq!((rules("icmp6")[0].protocol, rules("icmp6")[0].ethertype), (58, 0x86dd));
    assert_eq!(rules("proto gre"), rules("proto 47"));
    assert_eq!(rules("arp")[0].ethertype, 0x0806);
    assert_eq!(rules("wireguard")[0].flags, Rule::WIREGUARD | Rule::PROTOCOL);
    assert_eq!(rules("ip6 host fe80::1")[0].source, prefix("fe80::1/128"));
    assert_eq!(rules("net ::/0")[0].ethertype, 0x86dd);
}

#[test]
fn alternatives_are_rules_and_none_is_there_twice() {
    assert_eq!(rules("arp or icmp or tcp port 22").len(), 3);
    assert_eq!(rules("host 10.0.0.1 or dst host 10.0.0.1 or arp or arp").len(), 2);
    assert_eq!(rules("host 10.0.0.1 and net 10.0.0.0/8"), {
        let mut both = rules("host 10.0.0.1");
        both.extend(
            rules("src host 10.0.0.1 and dst net 10.0.0.0/8")
                .iter()
                .map(|rule| Rule { flags: Rule::BOTH_WAYS, ..*rule }),
        );
        both
    });
}

#[test]
fn complaints_point_at_the_column() {
    for (expression, complaint_part) in [
        ("host", "column 6: `host` needs an address"),
        ("host 10.0.0.1 and", "column 19: the expression ends"),
        ("tcp and hots 10.0.0.1", "column 9: `hots` is no condition"),
        ("port 0", "column 6: `0` is not a port"),
        ("portrange 90-80", "column 11: `90-80` is not a range"),
        (
            "net 10.0.2.1/24",
            "column 5: `10.0.2.1/24` has bits beyond its prefix length: did you mean 10.0.2.0/24?",
        ),
        ("net 10.0.2.0/33", "column 5: `10.0.2.0/33` is not a network"),
        ("not arp", "column 1: `not` is not possible"),
        ("tcp and (port 80 or port 81)", "column 9: `(` is not possible"),
        ("arp icmp", "column 5: expected `and` or `or` before `icmp`"),
        ("src tcp", "column 5: `tcp` has no direction"),
        ("arp or tcp and udp", "column 8: no packet can match"),
        ("ip6 and host 10.0.0.1", "column 1: no packet can match"),
        ("from-host:tcp and", "column 19: the expression ends"),
        ("from-nowhere:tcp", "column 1: `from-nowhere` is no hook: expected one of from-container"),
        ("proto 256", "column 7: `256` is not a protocol"),
    ] {
        let complaint = complaint(expression);
        assert!(complaint.starts_with(complaint_part), "{expression}: {complaint}");
    }
}

#[test]
fn more_than_the_kernel_takes_is_refused() {
    let ports: Vec<String> = (1..10).map(|port| format!("dst port {port}")).collect();
    assert!(complaint(&ports.join(" or ")).contains("9 alternatives, and 8 are possible"));
    let hosts: Vec<String> = (0..20).map(|_| "port 80".into()).collect();
    assert_eq!(rules(&hosts.join(" and ")).len(), 2);
}

#[test]
fn a_hook_has_its_own_filter_or_the_common_one() {
    let given = ["tcp", "from-wireguard:udp", "tap-out:"].map(|text| text.parse().unwrap());
    let filters = Filters::new(&given);
    assert_eq!(filters.of(Hook::FromHost), &compile("tcp").unwrap());
    assert_eq!(filters.of(Hook::FromWireguard), &compile("udp").unwrap());
    assert_eq!(filters.of(Hook::TapOut).count, 0);
    assert!("host ::1".parse::<HookFilter>().is_ok());
}
