use wgtrace_api::v1::{SessionsReply, SessionsRequest};
use wgtrace_lab::control::Daemon;
use wgtrace_lab::ping;

use crate::encryption::REMOTE;
use crate::world::{WORKER, WORKER2, World};

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_session_is_told_of_when_it_begins_and_when_others_have_taken_its_place() {
    let world = World::up();
    let meet = || assert!(world.lab.pod("net").unwrap().run(|| ping(REMOTE, 1)).unwrap().unwrap().is_whole());
    meet();
    let mut client = world.client(WORKER);
    let mut told = world.runtime.block_on(client.sessions(SessionsRequest {})).unwrap().into_inner();
    let first = world.peer(WORKER, WORKER2).session.expect("a session");
    let mut last = first;
    for _ in 0..2 {
        // who begins anew knows no session
        world.lab.daemon(Daemon::Kill, WORKER2).unwrap();
        world.lab.daemon(Daemon::Start, WORKER2).unwrap();
        let is_new = |reply: &SessionsReply| reply.event == "begun" && reply.peer_node == WORKER2;
        let begun = world.until(&mut told, is_new);
        assert!(
            begun.local_index != last.local_index && begun.remote_index != last.remote_index,
            "{begun:?}"
        );
        assert_eq!((begun.node.as_str(), begun.endpoint.as_str()), (WORKER, "172.18.0.4:51871"));
        assert_eq!((begun.peer.len(), begun.missed), (44, 0));
        meet();
        let peer = world.peer(WORKER, WORKER2);
        last = peer.session.expect("a session");
        assert_ne!(last.local_index, first.local_index);
        assert_eq!(peer.public_key, begun.peer);
    }
    let is_end = |reply: &SessionsReply| reply.event == "ended" && reply.local_index == first.local_index;
    assert_eq!(world.until(&mut told, is_end).peer_node, WORKER2);
}
