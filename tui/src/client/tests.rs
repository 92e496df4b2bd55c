//! Against sockets with nothing behind them.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use tempfile::TempDir;
use wgtrace_api::v1::told::What;
use wgtrace_api::v1::{FlowsReply, FlowsRequest, PacketsRequest, Told};

use super::watch::Watch;
use super::{Wants, runtime, watch};
use fake::{Fake, Script};

#[path = "../../tests/e2e/fake.rs"]
mod fake;

fn socket(folder: &TempDir, node: &str) -> PathBuf {
    folder.path().join(format!("{node}.sock"))
}

fn wants() -> Wants {
    Wants { flows: Some(FlowsRequest::default()), ..Wants::default() }
}

async fn next(watch: &mut Watch) -> Told {
    tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("a message").expect("no end")
}

/// Goes past everything else.
async fn until(watch: &mut Watch, mut is_it: impl FnMut(&Told) -> bool) -> Told {
    loop {
        let told = next(watch).await;
        if is_it(&told) {
            return told;
        }
    }
}

fn gone(told: &Told) -> Option<&str> {
    match &told.what {
        Some(What::Gone(reason)) => Some(reason),
        _ => None,
    }
}

fn is_hello(told: &Told) -> bool {
    matches!(told.what, Some(What::Hello(_)))
}

fn run(test: impl Future<Output = ()>) {
    runtime().unwrap().block_on(test);
}

#[test]
fn a_daemon_says_who_it_is_and_then_what_it_sees() {
    let folder = TempDir::new().unwrap();
    let flows = vec![FlowsReply { snapshot: true, known: 7, ..Default::default() }];
    let fake = Fake::start(&socket(&folder, "a"), Script { flows, ..Script::of("worker") });
    run(async {
        let mut watch = watch(&[fake.path().to_owned()], &wants());
        let hello = next(&mut watch).await;
        assert!(is_hello(&hello) && hello.from == "worker" && hello.time > 0, "{hello:?}");
        let flows = next(&mut watch).await;
        assert!(matches!(flows.what, Some(What::Flows(FlowsReply { known: 7, .. }))), "{flows:?}");
    });
}

#[test]
fn one_that_is_killed_is_told_and_found_again_while_the_others_go_on() {
    let folder = TempDir::new().unwrap();
    let [a, b] = ["a", "b"].map(|node| socket(&folder, node));
    let killed = Fake::start(&a, Script::of("a"));
    let flows = (0..50).map(|known| FlowsReply { known, ..Default::default() }).collect();
    let _other = Fake::start(&b, Script { flows, ..Script::of("b") });
    run(async {
        let mut watch = watch(&[a.clone(), b], &wants());
        until(&mut watch, |told| is_hello(told) && told.from == "a").await;
        drop(killed);
        let told = until(&mut watch, |told| gone(told).is_some()).await;
        let reason = gone(&told).unwrap();
        assert!(
            told.from == "a" && reason.contains("went away") && reason.contains("not connected since 20"),
            "{told:?}"
        );
        let _again = Fake::start(&a, Script::of("a"));
        until(&mut watch, |told| is_hello(told) && told.from == "a").await;
    });
}

#[test]
fn no_daemon_is_told_once_and_tried_again() {
    let folder = TempDir::new().unwrap();
    let path = socket(&folder, "late");
    run(async {
        let mut watch = watch(std::slice::from_ref(&path), &wants());
        let told = next(&mut watch).await;
        let reason = gone(&told).unwrap();
        assert!(reason.contains("no wgtraced answers at") && Path::new(&told.from) == path, "{told:?}");
        let _fake = Fake::start(&path, Script::of("late"));
        // That a file is there before anybody listens is another reason, and may be told.
        let told = until(&mut watch, |told| gone(told).is_none()).await;
        assert!(is_hello(&told), "{told:?}");
    });
}

#[test]
fn one_that_speaks_another_contract_is_not_understood() {
    let folder = TempDir::new().unwrap();
    let mut script = Script::of("old");
    script.answers.status.contract = 77;
    let fake = Fake::start(&socket(&folder, "old"), script);
    run(async {
        let mut watch = watch(&[fake.path().to_owned()], &wants());
        let told = next(&mut watch).await;
        assert!(gone(&told).unwrap().contains("speaks contract 77, this program"), "{told:?}");
    });
}

#[test]
fn what_is_refused_is_told_and_the_rest_goes_on() {
    let folder = TempDir::new().unwrap();
    let refuses = Some("payload is for root".to_owned());
    let fake = Fake::start(&socket(&folder, "a"), Script { refuses, ..Script::of("a") });
    run(async {
        let mut watch = watch(&[fake.path().to_owned()], &Wants { tables: true, ..wants() });
        let told = until(&mut watch, |told| matches!(told.what, Some(What::Refused(_)))).await;
        let Some(What::Refused(refused)) = told.what else { panic!("{told:?}") };
        assert_eq!((&*refused.stream, &*refused.reason), ("flows", "payload is for root"));
        until(&mut watch, |told| matches!(told.what, Some(What::Status(_)))).await;
    });
}

#[test]
fn a_stream_that_ends_is_a_daemon_that_is_gone() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(&socket(&folder, "a"), Script { ends: true, ..Script::of("a") });
    run(async {
        let mut watch = watch(&[fake.path().to_owned()], &wants());
        let told = until(&mut watch, |told| gone(told).is_some()).await;
        assert!(gone(&told).unwrap().contains("it ended the stream of flows"), "{told:?}");
        until(&mut watch, is_hello).await;
    });
}

#[test]
fn a_daemon_is_not_read_further_than_its_reader_is() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(&socket(&folder, "a"), Script { floods: true, ..Script::of("a") });
    run(async {
        let wants = Wants { packets: Some(PacketsRequest::default()), ..Wants::default() };
        let mut watch = watch(&[fake.path().to_owned()], &wants);
        until(&mut watch, |told| matches!(told.what, Some(What::Packets(_)))).await;
        // It stands still once what is under way is full: looked at twice, it has not moved.
        let mut before = 0;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = fake.flooded.load(Ordering::Relaxed);
            if now == before {
                break;
            }
            before = now;
            assert!(tokio::time::Instant::now() < deadline, "{now} messages and no end");
        }
        // 100 kB each
        assert!(before < 400, "{before} messages were taken from it");
        let seen = |told: &Told| match &told.what {
            Some(What::Packets(packets)) => packets.seen,
            _ => 0,
        };
        until(&mut watch, |told| seen(told) > before).await;
    });
}
