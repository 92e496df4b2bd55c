//! A neighbour that is asked for again.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use rtnetlink::packet_route::neighbour::NeighbourState;

/// Has the kernel doubt what it knows of a neighbour, as it does by itself when it has not heard from it for a while: it
/// asks for it at its last known link-layer address. In the calling thread's network namespace.
pub(super) fn ask_again(interface: &str, address: Ipv4Addr, mac: &str) -> Result<()> {
    let octets = mac.split(':').map(|octet| u8::from_str_radix(octet, 16));
    let octets: Vec<u8> = octets.collect::<Result<_, _>>().with_context(|| format!("{mac} is no MAC"))?;
    let index =
        nix::net::if_::if_nametoindex(interface).with_context(|| format!("there is no {interface}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let (connection, handle, _) = rtnetlink::new_connection().context("cannot open netlink")?;
        let connection = tokio::spawn(connection);
        let neighbour = handle.neighbours().add(index, address.into()).state(NeighbourState::Probe);
        let asked = neighbour.link_layer_address(&octets).replace().execute().await;
        connection.abort();
        asked.with_context(|| format!("cannot have {address} asked for again"))
    })
}
