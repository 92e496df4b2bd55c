//! Who asks.

use tonic::transport::server::UdsConnectInfo;
use tonic::{Request, Status};

use crate::config::Payload;
use crate::watch::PacketWants;

/// Lets root through.
pub(super) fn root_only<T>(request: &Request<T>) -> Result<(), Status> {
    match uid(request) {
        Some(0) => Ok(()),
        Some(uid) => {
            Err(Status::permission_denied(format!("changes are for root (uid 0): this is user {uid}")))
        }
        None => {
            Err(Status::permission_denied("changes are for root (uid 0): the kernel does not say who asks"))
        }
    }
}

/// Lets those through who may see more of packets than their headers.
pub(super) fn payload<T>(request: &Request<T>, who: Payload) -> Result<(), Status> {
    match (who, uid(request)) {
        (Payload::Group, _) | (Payload::Root, Some(0)) => Ok(()),
        (Payload::Root, uid) => {
            let uid = uid.map_or_else(|| "nobody knows who".to_owned(), |uid| format!("user {uid}"));
            Err(Status::permission_denied(format!(
                "payload is for root (uid 0), this is {uid}: ask for at most {} bytes of each packet, or have the \
                 node configured with `payload = \"group\"` in [trace]",
                PacketWants::HEADERS
            )))
        }
    }
}

/// Whether it is root who asks.
pub(super) fn is_root<T>(request: &Request<T>) -> bool {
    uid(request) == Some(0)
}

/// The user who asks, by the kernel's word.
fn uid<T>(request: &Request<T>) -> Option<u32> {
    let credentials = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
    credentials.map(|credentials| credentials.uid())
}
