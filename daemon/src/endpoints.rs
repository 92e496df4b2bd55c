//! Endpoints: pods' interfaces on this node, and the addresses they hold.
//!
//! What is known of an endpoint is one file in the state directory. Which addresses are taken follows from
//! those files, so that the two cannot disagree after a crash.

mod pool;
mod record;
mod store;

pub use pool::{Pool, PoolError};
pub use record::{Endpoint, EndpointKey, KeyError};
pub use store::{Store, StoreError};
