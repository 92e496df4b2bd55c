//! What `wgtraced` says and does over its socket.
//!
//! The contract is `proto/node.proto` and `proto/observer.proto`: gRPC on a unix socket, whose file says who may ask at
//! all (group `wgtrace`); what changes anything is for uid 0. This crate has its types, client and server
//! halves, and no IO: both ends bring their own connection.
//!
//! ```
//! use wgtrace_api::v1::EndpointAddRequest;
//!
//! let request = EndpointAddRequest {
//!     container_id: "6f1d".to_owned(),
//!     interface: "eth0".to_owned(),
//!     netns: "/run/netns/pod".to_owned(),
//!     ..Default::default()
//! };
//! assert!(request.address.is_empty(), "any will do");
//! ```
#![forbid(unsafe_code)]

pub mod filter;
pub mod recording;
#[cfg(feature = "show")]
pub mod show;

/// Messages, client and server of `wgtrace.v1`.
#[expect(
    missing_docs,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::allow_attributes,
    reason = "made from the contract, whose comments are the documents"
)]
pub mod v1 {
    tonic::include_proto!("wgtrace.v1");
}

/// Where the daemon listens unless told otherwise.
pub const SOCKET: &str = "/run/wgtrace/wgtraced.sock";

/// Release of the contract: raised when a client of an earlier one would misunderstand.
pub const CONTRACT: u32 = 1;
