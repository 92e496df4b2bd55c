//! The CNI plugin: what a container runtime asks (CNI 1.0: ADD, DEL, CHECK, VERSION), `wgtraced` does.
//!
//! The plugin reads the runtime's [`Request`] and [`Config`], asks the daemon over its socket, and writes the
//! [`Outcome`](outcome) in the form of the version asked for. A DEL that finds no daemon is left in the
//! [`Queue`], which the daemon empties when it starts.
//!
//! ```
//! use wgtrace_cni::Config;
//!
//! let config = br#"{"cniVersion": "1.0.0", "name": "pods", "type": "wgtrace-cni"}"#;
//! assert_eq!(Config::parse(config).unwrap().socket.to_str(), Some(wgtrace_api::SOCKET));
//! ```
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files and an environment")]

mod ask;
mod config;
mod directory;
mod error;
pub mod outcome;
mod queue;
mod request;

pub use ask::run;
pub use config::{Config, SUPPORTED};
pub use directory::PrivateDirectory;
pub use error::{CniError, Code};
pub use queue::{Deletion, Queue};
pub use request::{Command, Request};
