//! What tests, benches and the virtual machines try programs on: network namespaces that vanish with their
//! owner, devices between them, and traffic that is counted exactly.
//!
//! Namespaces, devices and traffic need root and nothing else: no other program, no file outside `/proc` and `/run/netns`. Namespaces
//! start silent (no IPv6 of their own, so no router solicitations and no multicast reports): what is on the wire is
//! what was sent. Errors are for people to read, hence `anyhow`.
//!
//! ```no_run
//! use wgtrace_testbed::{Flood, Line, Sink};
//!
//! # fn main() -> anyhow::Result<()> {
//! let line = Line::new()?;
//! let _sink = line.right.run(|| Sink::bind(Line::right_port(9)))??;
//! let sent = line.left.run(|| Flood::new(Line::right_port(9), 1000, 64).send())??;
//! assert_eq!(sent, 1000);
//! # Ok(())
//! # }
//! ```
#![expect(clippy::disallowed_methods, reason = "it is there for files, clocks and threads")]

mod allocations;
pub mod bpf;
mod bpffs;
mod corpora;
mod daemon;
mod device;
pub mod frame;
mod line;
mod link;
mod namespace;
mod netlink;
mod offload;
mod ping;
mod tcp;
mod terminal;
mod tun;
mod udp;
mod wait;
pub mod walkthrough;

pub use allocations::Counting;
pub use bpffs::BpfFs;
pub use corpora::replay;
pub use daemon::{Answers, FakeDaemon};
pub use frame::{FrameReceiver, FrameSender};
pub use line::Line;
pub use link::{Link, VlanTag};
pub use namespace::{Mounted, Namespace};
pub use offload::Offload;
pub use ping::{Echo, Pinger, ping};
pub use tcp::transfer;
pub use terminal::Terminal;
pub use tun::Tun;
pub use udp::{Flood, Sink};
pub use wait::{PATIENCE, within};
