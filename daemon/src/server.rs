//! What the daemon answers on its socket, `daemon/api/proto/node.proto` and `observer.proto`.

mod caller;
mod connections;
mod observer;
mod seats;
mod service;
mod sessions;
mod show;

use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use nix::unistd::{Gid, Group};
use tokio::net::UnixListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tonic::transport::Server as Transport;
use wgtrace_api::v1::node_server::NodeServer;
use wgtrace_api::v1::observer_server::ObserverServer;

use self::observer::Observer;
use self::seats::Room;
use self::service::Service;
use crate::node::Node;
use crate::watch::Watch;

/// A listening socket, for root and the group `wgtrace`; removed when this is dropped.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: Removed,
}

/// A socket's file, removed when this is dropped.
#[derive(Debug)]
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // Gone already: nothing is left to do.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Server {
    /// Listens at `path`, in the place of a socket that a daemon before left: there is one daemon a directory.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn bind(path: &Path) -> Result<Self> {
        let listener = bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
        Ok(Self { listener, path: Removed(path.into()) })
    }

    /// Answers about `node`, and what is seen of it, until it is aborted.
    pub fn serve(self, node: Arc<Mutex<Node>>, watch: Arc<Watch>) -> JoinHandle<Result<()>> {
        tokio::spawn(async move {
            let Self { listener, path: _path } = self;
            let room = Room::new();
            let connections = Box::pin(connections::accept(listener, Arc::clone(&room.connections)));
            let metrics = node.lock().await.forwarding().metrics();
            let observer =
                Observer::new(Arc::clone(&node), Arc::clone(&watch), Arc::clone(&metrics), room.clone());
            let service = NodeServer::new(Service::new(node, watch, metrics, room));
            let transport = Transport::builder().add_service(service);
            let served =
                transport.add_service(ObserverServer::new(observer)).serve_with_incoming(connections).await;
            served.context("cannot answer any more")
        })
    }
}

/// From its first moment nobody else can open it.
fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener?;
    let group = Group::from_name(GROUP).ok().flatten().map(|group| group.gid);
    if group.is_none() {
        tracing::info!("there is no group {GROUP}: the socket is root's alone (`groupadd --system {GROUP}`)");
    }
    std::os::unix::fs::chown(path, None, Some(group.unwrap_or_else(Gid::effective).as_raw()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Whose members may look.
const GROUP: &str = "wgtrace";
