//! What nft shows of tables that we write, and what we read of tables that nft writes.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use wgtrace_testbed::Namespace;
use wgtraced::datapath::nat::{Applied, Nat, Table, kube_proxy};

use crate::oracle::ask;
use crate::world::{prefix, worker};

const WORKER: &str = include_str!("worker.nft");
const KUBE_PROXY: &str = include_str!("kube_proxy.nft");

/// A name that is nobody else's.
const KUBE: &str = "wgtrace_kube_proxy";

fn kube() -> Table {
    kube_proxy::table(KUBE, Some(prefix("10.0.0.0/8")), &kube_proxy::walkthrough())
}

/// The table is what the text says, to us and to nft, whoever of us wrote it.
fn agree(table: &Table, text: &str) {
    assert_eq!(table.to_string(), text);
    let (family, name) = (table.family.to_string(), table.name.as_str());
    let ours = Namespace::new().unwrap();
    ours.run(|| {
        let mut nat = Nat::open().unwrap();
        assert_eq!(nat.apply(table).unwrap(), Applied::Created);
        assert_eq!(nat.compare(table).unwrap(), []);
    })
    .unwrap();
    let Some(shown) = ask(&ours, "nft", &["-s", "list", "table", &family, name]) else { return };
    assert_eq!(shown, text);

    let theirs = Namespace::new().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    ask(&theirs, "nft", &["-f", file.path().to_str().unwrap()]);
    theirs
        .run(|| {
            let mut nat = Nat::open().unwrap();
            assert_eq!(nat.compare(table).unwrap(), []);
            assert_eq!(nat.apply(table).unwrap(), Applied::Unchanged);
        })
        .unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn the_workers_table_is_the_committed_text() {
    agree(&worker().table().unwrap(), WORKER);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn kube_proxys_table_is_the_committed_text() {
    agree(&kube(), KUBE_PROXY);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn networks_of_any_length_and_both_families_agree() {
    for (pods, native, router) in [
        ("10.0.1.0/24", "10.0.0.0/9", "10.0.1.26"),
        ("10.0.1.64/26", "0.0.0.0/0", "10.0.1.65"),
        ("10.0.1.7/32", "10.0.1.7/32", "10.0.1.7"),
        ("fd00:0:1::/112", "fd00::/47", "fd00:0:1::1"),
        ("fd00::/64", "fd00::/8", "fd00::1"),
    ] {
        let mut intent = worker();
        intent.pods = prefix(pods);
        intent.native = Some(prefix(native));
        intent.router = router.parse().unwrap();
        intent.nodes.insert("fc00::3".parse().unwrap());
        intent.nodes.insert("fc00::2".parse().unwrap());
        let table = intent.table().unwrap();
        agree(&table, &table.to_string());
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_cluster_of_twenty_thousand_nodes_fits() {
    let mut intent = worker();
    intent.nodes =
        (0..20_000).map(|node| IpAddr::V4(Ipv4Addr::from_bits(0xac12_0000 + node))).collect::<BTreeSet<_>>();
    let table = intent.table().unwrap();
    let namespace = Namespace::new().unwrap();
    namespace
        .run(|| {
            let mut nat = Nat::open().unwrap();
            assert_eq!(nat.apply(&table).unwrap(), Applied::Created);
            assert_eq!(nat.apply(&table).unwrap(), Applied::Unchanged);
        })
        .unwrap();
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_others_changed_is_told_and_put_right() {
    let table = worker().table().unwrap();
    let namespace = Namespace::new().unwrap();
    let mut nat = namespace.run(|| Nat::open().unwrap()).unwrap();
    nat.apply(&table).unwrap();
    let before = nat.read(table.family, &table.name).unwrap().unwrap();
    assert_eq!(nat.apply(&table).unwrap(), Applied::Unchanged);
    // handles and all: nothing was written
    assert_eq!(nat.read(table.family, &table.name).unwrap().unwrap(), before);

    let masquerade = before.rule("postrouting", "elsewhere the node stands for its pods").unwrap();
    let handle = masquerade.handle.to_string();
    let of = ["ip", "wgtrace_nat", "postrouting"];
    let Some(_) = ask(&namespace, "nft", &["delete", "rule", of[0], of[1], of[2], "handle", &handle]) else {
        return;
    };
    ask(
        &namespace,
        "nft",
        &["add", "rule", of[0], of[1], of[2], "udp", "dport", "53", "limit", "rate", "1/second", "drop"],
    );
    ask(&namespace, "nft", &["add", "element", "ip", "wgtrace_nat", "nodes", "{ 192.0.2.9 }"]);
    let said: Vec<_> = nat.compare(&table).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert_eq!(said[0], "table ip wgtrace_nat: set nodes: 192.0.2.9 not ours");
    assert!(said[1].contains("chain postrouting: rule missing: ip saddr 10.0.1.0/24 ip daddr != 10.0.0.0/8"));
    assert!(said[2].contains("[ limit: ") && said[2].ends_with("[ immediate reg 0 drop ]"), "{}", said[2]);

    let Applied::Replaced(differences) = nat.apply(&table).unwrap() else { panic!("not replaced") };
    assert_eq!(differences.len(), 3);
    assert_eq!(ask(&namespace, "nft", &["-s", "list", "ruleset"]).unwrap(), WORKER);
    assert!(nat.remove(table.family, &table.name).unwrap());
    assert!(!nat.remove(table.family, &table.name).unwrap());
    assert_eq!(ask(&namespace, "nft", &["list", "ruleset"]).unwrap(), "");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn other_peoples_tables_stay_as_they_are() {
    let namespace = Namespace::new().unwrap();
    let mut nat = namespace.run(|| Nat::open().unwrap()).unwrap();
    nat.apply(&kube()).unwrap();
    let list = ["-a", "list", "table", "ip", KUBE];
    let Some(before) = ask(&namespace, "nft", &list) else { return };
    let table = worker().table().unwrap();
    nat.apply(&table).unwrap();
    nat.remove(table.family, &table.name).unwrap();
    nat.apply(&table).unwrap();
    assert_eq!(ask(&namespace, "nft", &list).unwrap(), before);
}
