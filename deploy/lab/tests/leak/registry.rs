//! What the registry says of the nodes changes, or lies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wgtrace_lab::control::Daemon;
use wgtrace_testbed::within;

use crate::canary::Canary;
use crate::traffic::{Traffic, median};
use crate::watch::Watch;
use crate::world::{WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_node_that_leaves_is_cut_off_and_one_that_comes_back_is_reached() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let path = world.entry(WORKER2);
    let entry = fs::read(&path).unwrap();
    let mut gaps = Vec::new();
    while gaps.len() < 2 * traffic.named("udp ").len() {
        fs::remove_file(&path).unwrap();
        world.wait_ready(WORKER, 1);
        let dropped = world.lost(WORKER, "Traffic is unencrypted");
        let gone = Instant::now();
        traffic.wait_sent(70);
        if path.exists() {
            // the node itself looks now and then whether it is told of
            traffic.wait_more(20);
            continue;
        }
        let crossed: usize =
            traffic.named("udp net").iter().map(|flow| flow.between(gone, Instant::now())).sum();
        assert_eq!(crossed, 0);
        assert!(world.lost(WORKER, "Traffic is unencrypted") > dropped + 50);
        let back = Instant::now();
        write(&path, &entry);
        traffic.wait_more(20);
        gaps.extend(traffic.named("udp ").iter().filter_map(|flow| Some(flow.first_after(back)? - back)));
    }
    eprintln!("node back: datagrams after {gaps:?}, median {:?}", median(gaps.clone()));
    assert!(gaps.iter().all(|gap| *gap < Duration::from_secs(1)), "{gaps:?}");
    traffic.stop();
    watch.stop().assert_clean("node gone and back");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_node_with_another_key_is_another_peer() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let key = || world.status(WORKER2).encryption.unwrap().public_key;
    let mut keys = vec![key()];
    let mut gaps = Vec::new();
    for _ in 0..2 {
        world.daemon(Daemon::Stop, WORKER2);
        fs::remove_file(world.node(WORKER2).home().state().join("private.key")).unwrap();
        let start = Instant::now();
        world.daemon(Daemon::Start, WORKER2);
        traffic.wait_more(20);
        assert!(!keys.contains(&key()));
        keys.push(key());
        gaps.extend(traffic.named("udp ").iter().filter_map(|flow| Some(flow.first_after(start)? - start)));
    }
    eprintln!("key changed: datagrams after {gaps:?}, median {:?}", median(gaps.clone()));
    assert!(gaps.iter().all(|gap| *gap < Duration::from_secs(2)), "{gaps:?}");
    traffic.stop();
    watch.stop().assert_clean("key changed");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn entries_that_lie_are_refused_and_change_nothing() {
    let world = World::up();
    let canary = Canary::new();
    let watch = Watch::start(&world.lab, &canary);
    let traffic = Traffic::start(&world, &canary);
    let begin = Instant::now();
    let theirs: Value = serde_json::from_slice(&fs::read(world.entry(WORKER2)).unwrap()).unwrap();
    let honest = json!({
        "name": "liar", "addresses": ["172.18.0.9"], "pod-cidrs": ["10.0.9.0/24"],
        "public-key": "IBO/gvSTtNAvy9pVytKFWIYiaWVooOr78vwpwRtShXE=", "port": 51871,
    });
    let lies = [
        ("pod-cidrs", json!(["10.0.2.128/25"]), "overlap"),
        ("pod-cidrs", json!(["10.0.0.0/8"]), "overlap"),
        ("pod-cidrs", json!(["0.0.0.0/0"]), "is everything"),
        ("pod-cidrs", json!(["172.18.0.0/16"]), "is not within ipam.cluster-pool"),
        ("addresses", json!(["172.18.0.4"]), "an address of"),
        ("addresses", json!(["10.0.2.194"]), "within ipam.cluster-pool"),
        ("public-key", theirs["public-key"].clone(), "it has the key of"),
        ("name", json!(WORKER2), "another file's name"),
    ];
    let mut entry = world.entry("liar");
    for (field, value, why) in lies {
        let mut lie = honest.clone();
        lie[field] = value;
        write(&entry, lie.to_string().as_bytes());
        for node in [WORKER, WORKER2] {
            within(&format!("{node}: {why}: {lie}"), || {
                let refused = world.refused(node);
                refused.iter().any(|(name, said)| name.contains("liar") && said.contains(why)).then_some(())
            });
            assert_eq!(world.status(node).encryption.unwrap().peers, 2);
        }
    }
    fs::remove_file(&entry).unwrap();
    // torn, and somebody else's
    entry = world.entry("torn");
    write(&entry, &honest.to_string().as_bytes()[..40]);
    within("torn", || world.refused(WORKER).iter().any(|(name, _)| name.contains("torn")).then_some(()));
    fs::remove_file(&entry).unwrap();
    within("nothing refused", || world.refused(WORKER).is_empty().then_some(()));
    let (gaps, most) = traffic.gaps_since(begin);
    eprintln!("lies: longest gaps {gaps:?}, median {:?}", median(gaps.clone()));
    assert!(gaps.iter().all(|gap| *gap < most), "{gaps:?}, {most:?}");
    world.wait_ready(WORKER, 2);
    traffic.wait_more(10);
    traffic.stop();
    watch.stop().assert_clean("lies in the registry");
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) {
    let draft = path.with_file_name(".draft");
    fs::write(&draft, bytes).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o644)).unwrap();
    fs::rename(draft, path).unwrap();
}
