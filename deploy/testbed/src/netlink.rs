//! One netlink conversation inside a namespace.

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use rtnetlink::Handle;
use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;

use crate::Namespace;

impl Namespace {
    /// Runs `talk` with a route netlink socket of the namespace.
    pub(crate) fn netlink<T: Send>(&self, talk: impl AsyncFnOnce(Handle) -> Result<T> + Send) -> Result<T> {
        self.run(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
            runtime.block_on(async {
                let (connection, handle, _) = rtnetlink::new_connection().context("cannot open netlink")?;
                tokio::spawn(connection);
                talk(handle).await
            })
        })?
    }
}

/// Sends what `rtnetlink` has no words for, and waits for the answer.
pub(crate) async fn request(mut handle: Handle, message: RouteNetlinkMessage, flags: u16) -> Result<()> {
    let mut request = NetlinkMessage::from(message);
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    let mut answers = handle.request(request)?;
    while let Some(answer) = answers.next().await {
        if let NetlinkPayload::Error(error) = answer.payload
            && error.code.is_some()
        {
            return Err(error.to_io().into());
        }
    }
    Ok(())
}
