use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use wgtrace_api::recording::Decoder;
use wgtrace_api::v1::Told;
use wgtrace_api::v1::told::What;
use wgtrace_lab::control::Daemon;
use wgtrace_lab::ping;

use crate::world::{PATIENCE, WORKER, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn who_watches_hears_that_a_daemon_is_gone_and_begins_again_with_the_next_one() {
    let world = World::up();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("recording");
    let line = format!("exec wgtrace record --lab=observer {} icmp and node=worker", file.display());
    let mut record = world.wgtrace(&line);
    let mut watcher = Watcher(record.stdout(Stdio::null()).spawn().unwrap());
    let pod = world.lab.pod("net").unwrap();
    let near = world.lab.pod("cni-vk8fx").unwrap().address();
    let ping = |count| assert!(pod.run(|| ping(near, count)).unwrap().unwrap().is_whole());

    let first = wait_for(&mut watcher, &file, |told| shape(told).contains(&"snapshot"));
    assert_eq!(shape(&first)[..2], ["hello", "snapshot"], "{first:#?}");
    ping(5);
    wait_for(&mut watcher, &file, |told| counted(told) == Some(5));
    world.lab.daemon(Daemon::Kill, WORKER).unwrap();
    let gone = wait_for(&mut watcher, &file, |told| shape(told).contains(&"gone"));
    let said = gone.iter().find_map(|told| match &told.what {
        Some(What::Gone(why)) => Some(why.clone()),
        _ => None,
    });
    assert!(said.as_ref().is_some_and(|said| said.contains("; not connected since 20")), "{said:?}");
    ping(2);
    world.lab.daemon(Daemon::Start, WORKER).unwrap();
    let is_back = |told: &[Told]| shape(told).iter().filter(|it| **it == "snapshot").count() == 2;
    let back = wait_for(&mut watcher, &file, is_back);
    let mut told = shape(&back);
    told.dedup(); // why it is gone may change
    assert_eq!(told, ["hello", "snapshot", "gone", "hello", "snapshot"]);
    // what passed meanwhile nobody has seen, and what was known is not known any more
    ping(3);
    wait_for(&mut watcher, &file, |told| counted(told) == Some(3));
}

/// A program that ends with the test.
struct Watcher(Child);

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What was told of the node, once that is as it should be.
fn wait_for(watcher: &mut Watcher, file: &Path, is_it: impl Fn(&[Told]) -> bool) -> Vec<Told> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told = read(file);
        if is_it(&told) {
            return told;
        }
        assert!(Instant::now() < deadline && watcher.0.try_wait().unwrap().is_none(), "{:?}", shape(&told));
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

/// All that is in the recording so far about the node.
fn read(file: &Path) -> Vec<Told> {
    let mut decoder = Decoder::default();
    decoder.feed(&std::fs::read(file).unwrap_or_default());
    let told = std::iter::from_fn(|| decoder.next().unwrap());
    told.filter(|told| told.from == WORKER).collect()
}

/// How a conversation goes: when it begins and ends, and when flows are told from the beginning.
fn shape(told: &[Told]) -> Vec<&'static str> {
    let words = told.iter().filter_map(|told| match &told.what {
        Some(What::Hello(_)) => Some("hello"),
        Some(What::Gone(_)) => Some("gone"),
        Some(What::Flows(flows)) if flows.snapshot => Some("snapshot"),
        _ => None,
    });
    words.collect()
}

/// Packets that the pod's newest ping has sent, as the newest reply has it.
fn counted(told: &[Told]) -> Option<u64> {
    let flows = told.iter().rev().find_map(|told| match &told.what {
        Some(What::Flows(reply)) => reply.flows.last(),
        _ => None,
    });
    let hop = flows?.hops.iter().find(|hop| hop.hook == "from-container" && hop.forward.is_some())?;
    hop.forward.map(|count| count.packets)
}
