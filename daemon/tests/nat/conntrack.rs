//! Entries as conntrack(8) shows them.

use std::fs;
use std::net::UdpSocket;

use wgtrace_testbed::within;
use wgtrace_testbed::{Namespace, ping};
use wgtraced::datapath::conntrack::{Conntrack, ConntrackError, Entry, Filter, Protocol, State, Status};

use crate::oracle::ask;
use crate::world::{CLIENT, NODE, OTHER_POD, WORLD, World, connect, listen, prefix, worker};

/// A connection's line, spaces and all, without its seconds; and these.
fn apart(line: &str) -> (String, i64) {
    let (protocol, rest) = line.split_at(9);
    let [number, seconds, rest] = rest.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    (format!("{protocol}{number} .. {rest}"), seconds.parse().unwrap())
}

fn ours(namespace: &Namespace) -> Vec<Entry> {
    namespace.run(|| Conntrack::open().unwrap().list(&Filter::default()).unwrap()).unwrap()
}

fn agree(namespace: &Namespace, count: usize) {
    let entries = ours(namespace);
    assert_eq!(entries.len(), count, "{entries:#?}");
    let Some(theirs) = ask(namespace, "conntrack", &["-L"]) else { return };
    let sorted = |lines: Vec<String>| {
        let mut lines: Vec<_> = lines.iter().map(|line| apart(line)).collect();
        lines.sort();
        lines
    };
    let ours = sorted(entries.iter().map(ToString::to_string).collect());
    let theirs = sorted(theirs.lines().map(|line| line.trim_end().to_owned()).collect());
    assert_eq!(ours.len(), theirs.len());
    for ((ours, our_seconds), (theirs, their_seconds)) in ours.into_iter().zip(theirs) {
        assert_eq!(ours, theirs);
        // a second may pass between the two
        assert!((our_seconds - their_seconds).abs() <= 2, "{ours}: {our_seconds} s but {their_seconds} s");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn entries_are_the_ones_that_conntrack_shows() {
    let world = World::new();
    world.mark_pods();
    world.nat().apply(&worker().table().unwrap()).unwrap();
    world.node.run(|| fs::write("/proc/sys/net/netfilter/nf_conntrack_acct", "1")).unwrap().unwrap();
    let listener = listen(&world.outside, "0.0.0.0:80");
    let (_, open) = connect(&world.client, &format!("{WORLD}:80"), &[&listener]);
    let (_, closed) = connect(&world.client, &format!("{OTHER_POD}:80"), &[&listener]);
    closed.talk_and_close();
    world
        .client
        .run(|| {
            ping(WORLD.parse().unwrap(), 1, 56).unwrap();
            // nobody answers but by ICMP, which is another matter
            UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"x", (WORLD, 9)).unwrap();
        })
        .unwrap();
    // the last packets may still be on their way
    within("all of them are there, and one is over", || {
        let entries = ours(&world.node);
        let is_over = entries.iter().any(|entry| entry.state == Some(State::Tcp(7)));
        (entries.len() == 4 && is_over).then_some(())
    });
    agree(&world.node, 4);
    let entries = ours(&world.node);
    let echo = entries.iter().find(|entry| entry.original.protocol == Protocol::ICMP).unwrap();
    assert_eq!(echo.original_counters.unwrap().packets, 1);
    assert_eq!(echo.original_counters.unwrap().bytes, 84);
    assert_eq!(echo.reply_counters.unwrap().packets, 1);
    let through = entries.iter().filter(|entry| entry.status.contains(Status::SOURCE_NAT)).count();
    assert_eq!(through, 3);
    drop(open);
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn only_what_the_filter_says_is_deleted() {
    let world = World::new();
    world.mark_pods();
    world.nat().apply(&worker().table().unwrap()).unwrap();
    let listener = listen(&world.outside, "0.0.0.0:80");
    let open: Vec<_> = [WORLD, OTHER_POD]
        .map(|at| connect(&world.client, &format!("{at}:80"), &[&listener]))
        .into_iter()
        .chain([connect(&world.node, &format!("{WORLD}:80"), &[&listener])])
        .collect();
    let mut conntrack = world.node.run(|| Conntrack::open().unwrap()).unwrap();
    assert_eq!(conntrack.delete(&Filter::default()), Err(ConntrackError::Everything));

    let translated =
        Filter { source: Some(prefix(CLIENT)), reply_destination: Some(prefix(NODE)), ..Filter::default() };
    let listed = conntrack.list(&translated).unwrap();
    assert_eq!(listed.len(), 1, "{listed:#?}");
    assert_eq!(conntrack.delete(&translated).unwrap(), 1);
    assert_eq!(conntrack.delete(&translated).unwrap(), 0);
    agree(&world.node, 2);
    assert_eq!(conntrack.delete(&Filter { port: Some(80), ..Filter::default() }).unwrap(), 2);
    agree(&world.node, 0);
    drop(open);
}
