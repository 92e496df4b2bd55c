//! Lists over route netlink, in the namespace of the calling thread.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of netlink's words only those that concern us, now and later"
)]

use anyhow::{Context as _, Result, bail};
use futures_util::StreamExt as _;
use rtnetlink::packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;

/// The kernel's answer to a request for a list.
pub(super) fn list(request: &RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        for _ in 0..ATTEMPTS {
            if let Some(list) = attempt(request.clone()).await? {
                return Ok(list);
            }
        }
        bail!("the kernel's list changed {ATTEMPTS} times while it was told")
    })
}

/// A list, unless it changed while it was told.
async fn attempt(request: RouteNetlinkMessage) -> Result<Option<Vec<RouteNetlinkMessage>>> {
    let (connection, mut handle, _) = rtnetlink::new_connection().context("cannot open netlink")?;
    let connection = tokio::spawn(connection);
    let mut message = NetlinkMessage::from(request);
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut answers = handle.request(message).context("cannot ask the kernel")?;
    let (mut list, mut is_whole) = (Vec::new(), true);
    while let Some(answer) = answers.next().await {
        is_whole &= answer.header.flags & NLM_F_DUMP_INTR == 0;
        match answer.payload {
            NetlinkPayload::InnerMessage(message) => list.push(message),
            NetlinkPayload::Error(error) if error.code.is_some() => {
                return Err(error.to_io()).context("the kernel does not tell");
            }
            NetlinkPayload::Overrun(_) => is_whole = false,
            _ => {}
        }
    }
    connection.abort();
    Ok(is_whole.then_some(list))
}

/// How often a list is asked for while devices and routes come and go.
const ATTEMPTS: usize = 20;
