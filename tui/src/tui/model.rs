//! What is known: everything heard from the daemons, and nothing of how it is shown.

mod endpoint;
mod events;
mod flow;
mod flows;
mod intern;
mod lasting;
mod node;
mod packets;
mod rate;
mod told;

pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::events::{Event, Events, Kind};
pub(crate) use self::flow::{Flow, Passed, Place, Total, protocol, reason};
pub(crate) use self::flows::{FlowKey, Flows};
pub(crate) use self::intern::{Interner, Name};
pub(crate) use self::lasting::PeerClock;
pub(crate) use self::node::{Link, Node, Nodes};
pub(crate) use self::packets::Packets;
pub(crate) use self::rate::{Meter, Rate};

/// Everything heard. A copy is cheap: rows are shared until one of them changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) nodes: Nodes,
    pub(crate) flows: Flows,
    pub(crate) packets: Packets,
    pub(crate) events: Events,
    pub(crate) names: Interner,
}
