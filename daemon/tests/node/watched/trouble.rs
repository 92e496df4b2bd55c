//! Events that cannot be read, and more than there is room for.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::{DropsRequest, LedgerRequest, StatusReply, StatusRequest};

use super::world::World;
use crate::world::WAIT;

impl World {
    fn node_client(&self) -> NodeClient<Channel> {
        let socket = format!("unix://{}", self.node.socket().display());
        NodeClient::new(self.runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap())
    }

    fn status(&self, client: &mut NodeClient<Channel>) -> StatusReply {
        self.runtime.block_on(client.status(StatusRequest {})).unwrap().into_inner()
    }

    /// How many files the daemon may have open.
    fn limit_files(&self, most: Option<u64>) {
        let daemon = Pid::from_raw(self.node.daemon().cast_signed());
        let maximum = getrlimit(Resource::Nofile).maximum;
        prlimit(daemon, Resource::Nofile, Rlimit { current: most.or(maximum), maximum }).unwrap();
    }
}

fn unread(status: &StatusReply) -> Vec<&String> {
    status.faults.iter().filter(|fault| fault.starts_with("events cannot be read: ")).collect()
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn when_events_cannot_be_read_status_says_why_until_they_can_be_again() {
    let world = World::new("");
    let mut client = world.node_client();
    let mut packets = world.packets(&["from-container"], 128);
    world.ping(1);
    world.take(&mut packets, 2);
    assert_eq!(unread(&world.status(&mut client)), Vec::<&String>::new());

    // each second it looks for CPUs that came
    world.limit_files(Some(1));
    let end = world.runtime.block_on(async { timeout(WAIT, packets.message()).await }).unwrap().unwrap_err();
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    assert!(end.message().starts_with("events cannot be read any more: cannot follow CPUs"), "{end}");
    let status = world.status(&mut client);
    assert_eq!(unread(&status).len(), 1, "{:?}", status.faults);
    assert!(world.node.log().contains("events cannot be read any more"), "{}", world.node.log());

    world.limit_files(None);
    let until = Instant::now() + WAIT;
    while !unread(&world.status(&mut client)).is_empty() {
        assert!(Instant::now() < until, "{:?}", world.status(&mut client).faults);
    }
    assert!(world.node.log().contains("events are read again"), "{}", world.node.log());
    let mut packets = world.packets(&["from-container"], 128);
    world.ping(3);
    world.take(&mut packets, 6);
    let ledger = world.settled();
    assert!(ledger.balanced, "{ledger:?}");
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn totals_are_told_five_times_a_second_at_most() {
    let world = World::new("");
    let drops = world.runtime.block_on(world.client().drops(DropsRequest { interval: 1 })).unwrap();
    let ledger = world.runtime.block_on(world.client().ledger(LedgerRequest { interval: 1 })).unwrap();
    let (mut drops, mut ledger) = (drops.into_inner(), ledger.into_inner());
    for _ in 0..2 {
        // the first comes at once
        let (_, _) = (world.next(&mut drops), world.next(&mut ledger));
        let start = Instant::now();
        for _ in 0..5 {
            let (_, _) = (world.next(&mut drops), world.next(&mut ledger));
        }
        assert!(start.elapsed() > Duration::from_millis(850), "{:?}", start.elapsed());
    }
}
