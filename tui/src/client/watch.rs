//! Many daemons, one stream.

use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wgtrace_api::v1;

use super::conversation::Conversation;
use super::message::{Heard, Message};

/// What is asked of every daemon. The default asks who it is and whether it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wants {
    /// Packets as they come.
    pub(crate) packets: Option<v1::PacketsRequest>,
    /// A snapshot of the flows, then what changes.
    pub(crate) flows: Option<v1::FlowsRequest>,
    /// Totals of what was dropped.
    pub(crate) drops: Option<v1::DropsRequest>,
    /// WireGuard sessions as they begin and end.
    pub(crate) sessions: bool,
    /// The account of events.
    pub(crate) ledger: Option<v1::LedgerRequest>,
    /// Status, peers, interfaces and nodes, again and again.
    pub(crate) tables: bool,
}

/// Watches daemons; within a runtime, a task each. A daemon that is not there, or goes, is tried again and again.
///
/// A daemon's messages begin with `hello` or `gone`, and again after each `gone`. A reader that is slow is waited
/// for: then the daemons drop what they cannot send, and count it.
pub(crate) fn watch(servers: &[PathBuf], wants: &Wants) -> Watch {
    start(servers, wants)
}

/// The same for a reader that looks at few of many packets: they are left as they came.
pub(crate) fn hear(servers: &[PathBuf], wants: &Wants) -> Watch<Heard> {
    start(servers, wants)
}

fn start<M: Message>(servers: &[PathBuf], wants: &Wants) -> Watch<M> {
    let (sender, told) = mpsc::channel(QUEUE);
    let mut tasks = JoinSet::new();
    for path in servers {
        tasks.spawn(Conversation::new(path.clone(), wants.clone(), sender.clone()).hold());
    }
    Watch { told, _tasks: tasks }
}

/// What daemons say; ends the conversations when it is dropped.
#[derive(Debug)]
pub(crate) struct Watch<M = v1::Told> {
    told: mpsc::Receiver<M>,
    _tasks: JoinSet<()>,
}

impl<M: Message> Stream for Watch<M> {
    type Item = M;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<M>> {
        self.told.poll_recv(context)
    }
}

/// Messages that wait for the reader. Each may be large, and all of them are late by as much as they wait.
const QUEUE: usize = 4;
