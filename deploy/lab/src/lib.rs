//! The walkthrough's cluster on one machine: three nodes, each a network and a mount namespace with the real
//! `wgtraced` in it, and pods attached by the real CNI plugin.
//!
//! A lab is one process, its supervisor, which is the init of a PID namespace: everything else of the lab lives in
//! that, or is held open by it, so that all of it ends with the supervisor, however that ends. Nothing is named or
//! mounted where others see it, except the lab's own directory ([`Home`]).
//!
//! [`Lab::attach`] opens a lab that runs:
//!
//! ```no_run
//! use wgtrace_lab::{Capture, Home, Lab, ping};
//!
//! # fn main() -> anyhow::Result<()> {
//! let lab = Lab::attach(Home::DEFAULT)?;
//! let tunnel = lab.node("cilium-wireguard-worker")?.run(|| Capture::start("cilium_wg0"))??;
//! let report = lab.pod("net")?.run(|| ping("10.0.2.194".parse()?, 1))??;
//! assert_eq!(report.replies[0].ttl, 60);
//! let recording = tunnel.stop()?;
//! assert_eq!(recording.frames.len(), 2);
//! # Ok(())
//! # }
//! ```
#![expect(clippy::disallowed_methods, reason = "it is there for files, clocks and processes")]

mod ask;
mod capture;
pub mod cli;
pub mod control;
mod down;
mod exec;
mod home;
pub mod http;
mod lab;
pub mod leak;
mod node_config;
mod ping;
mod plan;
mod process;
mod programs;
pub mod record;
pub mod remains;
mod room;
mod session;
pub mod show;
mod status;
mod supervisor;
mod tool;
mod tour;
mod up;
pub mod walkthrough;

pub use ask::status as ask_status;
pub use capture::{Capture, Container, Frame, Recording};
pub use home::{Home, NodeHome};
pub use lab::{Lab, Node, Place, Pod};
pub use ping::{Report, ping};
pub use process::Process;
pub use record::{Keys, Settings};
pub use room::Room;
