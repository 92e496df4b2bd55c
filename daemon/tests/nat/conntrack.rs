//! Entries as conntrack(8) shows them.

use std::fs;
use std::net::UdpSocket;

use wgtrace_testbed::{Namespace, ping};
use wgtraced::datapath::conntrack::{Conntrack, ConntrackError, Entry, Filter, Protocol, Status};

use crate::oracle::ask;
use crate::world::{CLIENT, NODE, OTHER_POD, WORLD, World, connect, listen, prefix, worker};

/// A connection's line without its seconds, and these.
fn apart(line: &str, timed: bool) -> (String, Option<i64>) {
    let mut words: Vec<_> = line.split_whitespace().collect();
    let seconds = timed.then(|| words.remove(2).parse().unwrap());
    (words.join(" "), seconds)
}

fn ours(namespace: &Namespace) -> Vec<Entry> {
    namespace.run(|| Conntrack::open().unwrap().list(&Filter::default()).unwrap()).unwrap()
}

fn agree(namespace: &Namespace, count: usize) {
    let entries = ours(namespace);
    assert_eq!(entries.len(), count, "{entries:#?}");
    let Some(theirs) = ask(namespace, "conntrack", &["-L"]) else { return };
    let mut theirs: Vec<_> = theirs.lines().map(|line| (apart(line, true), line)).collect();
    let mut ours: Vec<_> = entries.iter().map(ToString::to_string).collect();
    ours.sort_by_key(|line| apart(line, true).0);
    theirs.sort();
    assert_eq!(ours.len(), theirs.len());
    for (ours, ((words, seconds), line)) in ours.iter().zip(theirs) {
        let (our_words, our_seconds) = apart(ours, true);
        assert_eq!(our_words, words);
        // a second may pass between the two
        assert!((our_seconds.unwrap() - seconds.unwrap()).abs() <= 2, "{ours} but {line}");
        // spaces and all
        let column = ours.find(char::is_whitespace).unwrap();
        assert_eq!(
            ours[..column + 8].trim_end_matches(|c: char| c.is_ascii_digit()),
            line[..column + 8].trim_end_matches(|c: char| c.is_ascii_digit())
        );
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn entries_are_the_ones_that_conntrack_shows() {
    let world = World::new();
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
