//! Links (network interfaces) of a namespace: all of them, and what becomes of them.

mod link;
mod table;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::LinkMessage;
use rtnetlink::{Handle, MulticastGroup};
use thiserror::Error;
use tokio::task::JoinHandle;

pub use self::link::{Link, LinkKind};
pub use self::table::{LinkEvent, LinkTable};
use crate::netns::{Netns, NetnsError};

/// The links of one namespace, kept up to date by one netlink socket made inside it.
pub struct Links {
    table: LinkTable,
    /// Events that are still to be told.
    pending: VecDeque<LinkEvent>,
    /// Notices were lost: nothing in the table is certain until all links are read anew.
    stale: bool,
    notices: BoxStream<'static, NetlinkPayload<RouteNetlinkMessage>>,
    handle: Handle,
    connection: JoinHandle<()>,
    resyncs: u64,
}

impl Links {
    /// Subscribes to the links of `netns` and reads those it has.
    ///
    /// Every link of the moment is in [`links`](Self::links); whatever happens after comes from
    /// [`next`](Self::next).
    ///
    /// # Errors
    /// When the namespace cannot be entered or netlink does not answer.
    pub async fn open(netns: &Netns) -> Result<Self, LinksError> {
        let runtime = tokio::runtime::Handle::current();
        let (connection, handle, notices) = netns.within(|| {
            let _guard = runtime.enter();
            rtnetlink::new_multicast_connection(&[MulticastGroup::Link])
                .map_err(|error| LinksError::Socket { netns: netns.name().into(), error })
        })??;
        let mut links = Self {
            table: LinkTable::default(),
            pending: VecDeque::new(),
            stale: true,
            notices: notices.map(|(message, _)| message.payload).boxed(),
            handle,
            connection: tokio::spawn(connection),
            resyncs: 0,
        };
        links.resync().await?;
        links.pending.clear();
        links.resyncs = 0;
        Ok(links)
    }

    /// The links as far as they were told.
    pub fn links(&self) -> &LinkTable {
        &self.table
    }

    /// How often the kernel had more to tell than the socket could hold, and all links were read anew.
    pub fn resyncs(&self) -> u64 {
        self.resyncs
    }

    /// The next thing that becomes of a link. Cancel-safe: what was heard is told by the next call.
    ///
    /// # Errors
    /// When the socket is gone or netlink does not answer.
    pub async fn next(&mut self) -> Result<LinkEvent, LinksError> {
        loop {
            if self.stale {
                self.resync().await?;
            }
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            let payload = self.notices.next().await.ok_or(LinksError::Closed)?;
            if let NetlinkPayload::InnerMessage(notice) = payload {
                let event = self.hear(&notice);
                self.pending.extend(event);
            } else if let NetlinkPayload::Overrun(_) = payload {
                // The socket's buffer was full: some notices are lost, nobody knows which.
                self.stale = true;
            }
        }
    }

    fn hear(&mut self, notice: &RouteNetlinkMessage) -> Option<LinkEvent> {
        if let RouteNetlinkMessage::NewLink(message) = notice {
            self.table.set(Link::read(message)?)
        } else if let RouteNetlinkMessage::DelLink(message) = notice {
            self.table.remove(Link::read(message)?.index)
        } else {
            None
        }
    }

    async fn resync(&mut self) -> Result<(), LinksError> {
        let reading = self.handle.link().get().execute().try_collect::<Vec<LinkMessage>>();
        let messages = tokio::time::timeout(PATIENCE, reading)
            .await
            .map_err(|_| LinksError::Silent)?
            .map_err(|error| LinksError::Refused(error.to_string()))?;
        self.pending.extend(self.table.replace(messages.iter().filter_map(Link::read)));
        self.resyncs = self.resyncs.saturating_add(1);
        self.stale = false;
        Ok(())
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("table", &self.table)
            .field("resyncs", &self.resyncs)
            .finish_non_exhaustive()
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Why links cannot be known.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinksError {
    /// The namespace cannot be entered.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// No socket.
    #[error("cannot open a netlink socket in network namespace `{netns}`")]
    Socket {
        /// The namespace.
        netns: String,
        /// What the kernel said.
        #[source]
        error: std::io::Error,
    },
    /// The kernel refused the request.
    #[error("netlink refused to list links: {0}")]
    Refused(String),
    /// No answer in time.
    #[error("netlink did not list links within {} s", PATIENCE.as_secs())]
    Silent,
    /// The socket is gone.
    #[error("the netlink socket for links was closed")]
    Closed,
}

const PATIENCE: Duration = Duration::from_secs(10);
