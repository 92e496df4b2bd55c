//! The kernel's side: reading what there is, and doing single steps, in one network namespace.

mod error;
mod mac;
mod read;
mod sysctl;
mod write;

use std::fmt;

use futures_util::StreamExt as _;
use rtnetlink::Handle;
use rtnetlink::packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rustix::io::Errno;
use tokio::task::JoinHandle;

pub use self::error::KernelError;
pub use self::mac::random_mac;
use super::change::Change;
use super::desired::Desired;
use super::observed::Observed;
use crate::netns::Netns;

/// A conversation with the kernel about one namespace.
pub struct Kernel {
    netns: Netns,
    handle: Handle,
    connection: JoinHandle<()>,
}

impl Kernel {
    /// Begins one.
    ///
    /// # Errors
    /// When the namespace cannot be entered, or netlink is not there.
    pub fn open(netns: Netns) -> Result<Self, KernelError> {
        let runtime = tokio::runtime::Handle::current();
        let (connection, handle, _) = netns.within(|| {
            let _guard = runtime.enter();
            rtnetlink::new_connection().map_err(|error| KernelError::Socket(error.kind()))
        })??;
        Ok(Self { netns, handle, connection: tokio::spawn(connection) })
    }

    /// The namespace.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// Reads all that `desired` speaks of.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn observe(&self, desired: &Desired) -> Result<Observed, KernelError> {
        let links = self.links().await?;
        let names = read::names(&links);
        Ok(Observed {
            addresses: self.addresses(&names).await?,
            routes: self.routes(&names).await?,
            rules: self.rules().await?,
            sysctls: self.sysctls(desired.sysctls.iter().map(|(sysctl, _)| sysctl))?,
            links,
        })
    }

    /// Does one step. That it was done already is no error.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub async fn apply(&self, change: &Change) -> Result<(), KernelError> {
        let refused = |error| KernelError::Refused { change: Box::new(change.clone()), error };
        if let Change::SetSysctl(sysctl, value) = change {
            return self.set_sysctl(sysctl, *value)?.map_err(refused);
        }
        self.write(change).await.map_err(refused)
    }

    /// Sends one request and waits for the kernel's word.
    pub(super) async fn request(&self, message: RouteNetlinkMessage, flags: u16) -> Result<(), Errno> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut answers = self.handle.clone().request(request).map_err(|_| Errno::PIPE)?;
        while let Some(answer) = answers.next().await {
            failure(&answer.payload)?;
        }
        Ok(())
    }

    /// Sends a request for a list, again if the list changed while it was told.
    async fn dump(&self, message: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>, KernelError> {
        for _ in 0..ATTEMPTS {
            if let Some(list) = self.try_dump(message.clone()).await? {
                return Ok(list);
            }
        }
        Err(KernelError::Silent(Errno::INTR))
    }

    /// A list, unless it may have holes.
    async fn try_dump(
        &self,
        message: RouteNetlinkMessage,
    ) -> Result<Option<Vec<RouteNetlinkMessage>>, KernelError> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut answers =
            self.handle.clone().request(request).map_err(|_| KernelError::Silent(Errno::PIPE))?;
        let (mut list, mut is_whole) = (Vec::new(), true);
        while let Some(answer) = answers.next().await {
            failure(&answer.payload).map_err(KernelError::Silent)?;
            is_whole &= answer.header.flags & NLM_F_DUMP_INTR == 0;
            if let NetlinkPayload::InnerMessage(message) = answer.payload {
                list.push(message);
            }
        }
        // A socket that is closed ends a list, too.
        if self.connection.is_finished() {
            return Err(KernelError::Silent(Errno::PIPE));
        }
        Ok(is_whole.then_some(list))
    }
}

/// How often a list is asked for, while devices and routes come and go.
const ATTEMPTS: usize = 20;

fn failure<M>(payload: &NetlinkPayload<M>) -> Result<(), Errno> {
    if let NetlinkPayload::Error(error) = payload
        && error.code.is_some()
    {
        return Err(Errno::from_io_error(&error.to_io()).unwrap_or(Errno::IO));
    }
    if matches!(payload, NetlinkPayload::Overrun(_)) { Err(Errno::NOBUFS) } else { Ok(()) }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("netns", &self.netns).finish_non_exhaustive()
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
