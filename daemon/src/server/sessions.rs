//! WireGuard sessions as they begin and end.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use wgtrace_api::v1;
use wgtrace_decrypt::keypair::Role;
use wgtrace_tunnel::{Event, PeerId};

use super::show;
use crate::node::Node;
use crate::wireguard::{Listening, WireGuard};

/// What happens to sessions from now on, while somebody reads it.
pub(super) async fn watch(
    node: Arc<Mutex<Node>>,
) -> impl Stream<Item = Result<v1::SessionsReply, Status>> + use<> {
    let (replies, stream) = mpsc::channel(MOST_REPLIES);
    let mut names = Names::default();
    let events = names.subscribe(&node).await;
    tokio::spawn(follow(node, names, events, replies));
    ReceiverStream::new(stream)
}

async fn follow(
    node: Arc<Mutex<Node>>,
    mut names: Names,
    mut events: Option<Listening>,
    replies: mpsc::Sender<Result<v1::SessionsReply, Status>>,
) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut missed = 0_u64;
    loop {
        tokio::select! {
            () = replies.closed() => return,
            _ = ticks.tick() => {}
        }
        loop {
            let next = events.as_ref().map(Listening::next);
            match next {
                Some(Ok(event)) => {
                    let reply = names.tell(&node, event).await;
                    if replies.try_send(Ok(v1::SessionsReply { missed, ..reply })).is_err() {
                        missed = missed.saturating_add(1);
                    }
                }
                Some(Err(TryRecvError::Empty)) => break,
                // there is another device, or none
                Some(Err(TryRecvError::Disconnected)) | None => {
                    events = names.subscribe(&node).await;
                    break;
                }
            }
        }
    }
}

/// Who peers are, those that are gone included.
#[derive(Default)]
struct Names {
    node: String,
    peers: HashMap<PeerId, v1::Peer>,
}

impl Names {
    /// Events from now on, if there is a device.
    async fn subscribe(&mut self, node: &Mutex<Node>) -> Option<Listening> {
        let node = node.lock().await;
        self.read(&node);
        node.device().map(WireGuard::subscribe)
    }

    fn read(&mut self, node: &Node) {
        self.node = node.config().node_name.to_string();
        let status = node.device().map(|device| device.status().peers).unwrap_or_default();
        self.peers.extend(status.iter().map(|peer| (peer.id, show::peer(node.roster(), peer))));
    }

    async fn tell(&mut self, node: &Mutex<Node>, event: Event) -> v1::SessionsReply {
        let (id, name) = kind(&event);
        self.read(&*node.lock().await);
        let peer = self.peers.get(&id).cloned().unwrap_or_default();
        let mut reply = v1::SessionsReply {
            node: self.node.clone(),
            time: show::now(),
            event: name.to_owned(),
            peer: peer.public_key,
            peer_node: peer.node,
            endpoint: peer.endpoint,
            ..v1::SessionsReply::default()
        };
        match event {
            Event::SessionBegan { role, local, remote, .. } => {
                reply.initiator = role == Role::Initiator;
                (reply.local_index, reply.remote_index) = (local.0, remote.0);
            }
            Event::HandshakeCompleted { local, .. } | Event::SessionEnded { local, .. } => {
                reply.local_index = local.0;
            }
            Event::Roamed { to, .. } => reply.endpoint = to.to_string(),
            Event::HandshakeGivenUp { .. } | Event::KeysWiped { .. } => {}
        }
        reply
    }
}

fn kind(event: &Event) -> (PeerId, &'static str) {
    match event {
        Event::SessionBegan { peer, .. } => (*peer, "begun"),
        Event::HandshakeCompleted { peer, .. } => (*peer, "confirmed"),
        Event::SessionEnded { peer, .. } => (*peer, "ended"),
        Event::HandshakeGivenUp { peer } => (*peer, "handshake-given-up"),
        Event::KeysWiped { peer } => (*peer, "keys-wiped"),
        Event::Roamed { peer, .. } => (*peer, "roamed"),
    }
}

/// Replies that wait.
const MOST_REPLIES: usize = 256;
/// How late an event may be told.
const TICK: Duration = Duration::from_millis(50);
