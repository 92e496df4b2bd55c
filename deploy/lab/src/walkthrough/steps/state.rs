//! What there is: devices, addresses, routes, rules, peers.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use wgtrace_testbed::Namespace;

use crate::Node;
use crate::show::{Device, Link, Links, ask, read_links, read_routes, read_rules};
use crate::walkthrough::Order;
use crate::walkthrough::outcome::Evidence;
use crate::walkthrough::stage::{Stage, eventually};

pub(super) fn pod_addresses(stage: &Stage<'_>) -> Result<Evidence> {
    let mut links = stage.net()?.run(read_links)??;
    // the document leaves it out
    links.0.retain(|link| link.name != "lo");
    Ok(Evidence::of("kubectl exec -it net -- ip a l").texts(links.addresses(), Order::Any))
}

pub(super) fn pod_routes(stage: &Stage<'_>) -> Result<Evidence> {
    routes("kubectl exec -it net -- ip r s", stage.net()?.network(), MAIN)
}

pub(super) fn node_addresses(stage: &Stage<'_>) -> Result<Evidence> {
    let links: Links = stage.worker()?.run(read_links)??;
    Ok(Evidence::of("ip a l").texts(links.addresses(), Order::Any))
}

pub(super) fn tunnel_device(stage: &Stage<'_>) -> Result<Evidence> {
    let links = stage.worker()?.run(read_links)??;
    let device = links.get("cilium_wg0").map(Link::with_details);
    Ok(Evidence::of("ip -d link show cilium_wg0").texts(device, Order::Any))
}

pub(super) fn peers(stage: &Stage<'_>) -> Result<Evidence> {
    let node = stage.worker()?;
    // what the document's pods had said before
    stage.net()?.run(|| crate::ping(stage.far()?.address(), 1))??;
    // it takes a moment where a node was not there yet when it was greeted
    let greeted = eventually("a handshake with every peer", PATIENCE, || {
        Ok(on(node)?.peers.iter().all(|peer| peer.last_handshake != 0))
    });
    let device = on(node)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let shown = device.at(now).to_string();
    let mut evidence = Evidence::of("wg").texts(shown.split("\n\n"), Order::Any);
    evidence.holds(greeted.is_ok(), "there was a handshake with every peer");
    let keys: Vec<String> = device.peers.iter().map(|peer| peer.public_key.to_string()).collect();
    let theirs = on(stage.worker2()?).ok().and_then(|device| device.public_key).map(|key| key.to_string());
    evidence.holds(
        theirs.is_some_and(|key| keys.contains(&key)),
        "the peer at 172.18.0.4 has the public key that the node there has",
    );
    Ok(evidence)
}

pub(super) fn node_routes(stage: &Stage<'_>) -> Result<Evidence> {
    routes("ip r s", stage.worker()?.network(), MAIN)
}

pub(super) fn rules(stage: &Stage<'_>) -> Result<Evidence> {
    Ok(Evidence::of("ip rule show").texts(stage.worker()?.run(read_rules)??, Order::Same))
}

pub(super) fn table_201(stage: &Stage<'_>) -> Result<Evidence> {
    let routes = stage.worker()?.run(|| read_routes(201))??;
    let whole: Vec<String> = routes.iter().map(ToString::to_string).collect();
    Ok(Evidence::of("ip r s t 201").texts([whole.join("\n")], Order::Same))
}

/// What a node's device says of itself.
fn on(node: &Node) -> Result<Device> {
    node.place().enter(|| ask("cilium_wg0", Path::new(SOCKET)))?
}

fn routes(command: &str, network: &Namespace, table: u32) -> Result<Evidence> {
    let routes = network.run(|| read_routes(table))??;
    Ok(Evidence::of(command).texts(routes, Order::Any))
}

/// A handshake is tried again after five seconds.
const PATIENCE: Duration = Duration::from_secs(8);
/// Where wg(8) looks for a device in user space.
const SOCKET: &str = "/var/run/wireguard/cilium_wg0.sock";
/// linux: `RT_TABLE_MAIN`
const MAIN: u32 = 254;
