//! Events that cannot be read, and more readers than there is room for.

use std::any::Any;
use std::fs::Permissions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Uid, getrlimit, prlimit};
use rustix::thread::set_thread_res_uid;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use wgtrace_api::v1::node_client::NodeClient;
use wgtrace_api::v1::observer_client::ObserverClient;
use wgtrace_api::v1::{
    DropsRequest, FlowsRequest, LedgerRequest, PacketsRequest, SessionsRequest, StatusReply, StatusRequest,
};

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

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_more_streams_are_served_than_there_is_room_for() {
    let world = World::new("");
    let mut client = world.node_client();
    std::fs::set_permissions(world.node.path(""), Permissions::from_mode(0o711)).unwrap();
    let socket = format!("unix://{}", world.node.socket().display());
    // another user from here on, and not the test
    let of_user = thread::spawn(move || {
        let nobody = Uid::from_raw(65_534);
        set_thread_res_uid(nobody, nobody, nobody).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let channel = runtime.block_on(Endpoint::from_shared(socket).unwrap().connect()).unwrap();
        let streams = fill(&runtime, &ObserverClient::new(channel));
        (runtime, streams)
    });
    let (_runtime, (of_user, refused)) = of_user.join().unwrap();
    assert_eq!((of_user.len(), refused.code()), (48, Code::ResourceExhausted));
    assert!(refused.message().starts_with("48 streams are open"), "{refused}");
    let (of_root, refused) = fill(&world.runtime, &world.client());
    assert_eq!((of_root.len(), refused.code()), (16, Code::ResourceExhausted));
    assert!(refused.message().starts_with("64 streams are open"), "{refused}");
    let losses = world.status(&mut client).losses;
    let loss = losses.iter().find(|loss| loss.cause.starts_with("streams refused")).map(|loss| loss.count);
    assert_eq!(loss, Some(2), "{losses:?}");

    // who has one keeps it, and who goes makes room
    drop(of_root);
    let until = Instant::now() + WAIT;
    loop {
        let asked = world.runtime.block_on(world.client().packets(PacketsRequest::default()));
        let Err(status) = asked else { break };
        assert!(Instant::now() < until && status.code() == Code::ResourceExhausted, "{status}");
    }
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn who_opens_connections_without_end_is_cut_off_and_root_is_served() {
    let world = World::new("");
    std::fs::set_permissions(world.node.path(""), Permissions::from_mode(0o711)).unwrap();
    let socket = world.node.socket();
    let held = thread::spawn(move || {
        let nobody = Uid::from_raw(65_534);
        set_thread_res_uid(nobody, nobody, nobody).unwrap();
        let mut held = Vec::new();
        loop {
            let mut connection = UnixStream::connect(&socket).unwrap();
            connection.set_read_timeout(Some(WAIT)).unwrap();
            // RFC 9113, 3.4: both begin with their settings
            let begun = connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
            let heard = begun.and_then(|()| connection.read_exact(&mut [0; 9]));
            if let Err(error) = heard {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "it is neither served nor closed");
                return held;
            }
            held.push(connection);
            assert!(held.len() < 1000, "none is refused");
        }
    });
    let held = held.join().unwrap();
    assert!(held.len() <= 256, "{}", held.len());
    let mut client = world.node_client();
    let losses = world.status(&mut client).losses;
    assert!(losses.iter().any(|loss| loss.cause.starts_with("connections refused")), "{losses:?}");
}

/// Opens streams of each kind until one is refused.
fn fill(runtime: &Runtime, client: &ObserverClient<Channel>) -> (Vec<Box<dyn Any + Send>>, Status) {
    let mut streams: Vec<Box<dyn Any + Send>> = Vec::new();
    for kind in (0..5).cycle() {
        let mut client = client.clone();
        let opened = runtime.block_on(async {
            let opened: Box<dyn Any + Send> = match kind {
                0 => Box::new(client.packets(PacketsRequest::default()).await?),
                1 => Box::new(client.flows(FlowsRequest::default()).await?),
                2 => Box::new(client.drops(DropsRequest::default()).await?),
                3 => Box::new(client.sessions(SessionsRequest {}).await?),
                _ => Box::new(client.ledger(LedgerRequest::default()).await?),
            };
            Ok::<_, Status>(opened)
        });
        match opened {
            Ok(stream) => streams.push(stream),
            Err(status) => return (streams, status),
        }
        assert!(streams.len() < 1000, "none is refused");
    }
    unreachable!("a cycle has no end")
}
