//! The interface's MTU, addresses and state.

use anyhow::{Context as _, Result};
use futures_util::TryStreamExt as _;
use rtnetlink::LinkUnspec;

use crate::wireguard::DeviceName;
use crate::wireguard::config::InterfaceAddress;

/// Gives the interface its MTU and addresses and brings it up.
pub(super) async fn configure(name: &DeviceName, mtu: u16, addresses: &[InterfaceAddress]) -> Result<()> {
    let (connection, handle, _) = rtnetlink::new_connection()?;
    let connection = tokio::spawn(connection);
    let found = handle.link().get().match_name(name.as_str().to_owned()).execute().try_next().await?;
    let index = found.context("the interface is not there")?.header.index;
    let up = LinkUnspec::new_with_index(index).mtu(mtu.into()).up().build();
    handle.link().set(up).execute().await.context("bringing it up")?;
    for InterfaceAddress { addr, len } in addresses {
        handle
            .address()
            .add(index, *addr, *len)
            .replace()
            .execute()
            .await
            .with_context(|| format!("adding address {addr}/{len}"))?;
    }
    connection.abort();
    Ok(())
}
