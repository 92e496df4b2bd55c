//! Who asks.

use tonic::transport::server::UdsConnectInfo;
use tonic::{Request, Status};

/// Lets root through.
pub(super) fn root_only<T>(request: &Request<T>) -> Result<(), Status> {
    let credentials = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
    match credentials.map(|credentials| credentials.uid()) {
        Some(0) => Ok(()),
        Some(uid) => {
            Err(Status::permission_denied(format!("changes are for root (uid 0): this is user {uid}")))
        }
        None => {
            Err(Status::permission_denied("changes are for root (uid 0): the kernel does not say who asks"))
        }
    }
}
