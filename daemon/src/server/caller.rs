//! Who asks.

use tonic::transport::server::UdsConnectInfo;
use tonic::{Request, Status};

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

/// The user who asks, by the kernel's word.
pub(super) fn uid<T>(request: &Request<T>) -> Option<u32> {
    let credentials = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
    credentials.map(|credentials| credentials.uid())
}
