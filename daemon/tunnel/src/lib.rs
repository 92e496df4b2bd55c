//! A WireGuard device without IO: handshakes, timers, cookies, cryptokey routing, and a data path
//! that several threads work on at once.
//!
//! # Two halves
//!
//! [`Device`] is the state machine. It is told what arrived and what the clocks show, is handed
//! randomness, and answers with datagrams, events and the time at which it wants to be called next:
//!
//! ```
//! # use std::net::SocketAddr;
//! # use wgtrace_tunnel::{Device, DropCause, Handled, Now};
//! # trait Io { fn send_to(&mut self, to: SocketAddr, datagram: &[u8]); fn write(&mut self, packet: &[u8]); }
//! fn datagram(device: &mut Device, now: Now, rng: &mut dyn rand_core::CryptoRng, io: &mut impl Io,
//!             source: SocketAddr, datagram: &mut [u8]) -> Result<(), DropCause> {
//!     let handled = device.handle_datagram(now, rng, source, datagram);
//!     while let Some(transmit) = device.poll_transmit() {
//!         io.send_to(transmit.destination, transmit.payload.as_ref());
//!     }
//!     if let Handled::Packet { packet, .. } = handled? {
//!         io.write(packet);
//!     }
//!     Ok(()) // and sleep until `device.poll_timeout()`, then `device.handle_timeout(now, rng)`
//! }
//! ```
//!
//! That alone is a complete tunnel, one message at a time. [`DataPath`] is the fast half: what worker
//! threads share with the device and read without it. It holds the routes, the sessions by receiver
//! index, and for each peer a [`Lane`] with the session and the endpoint in use. The device is then
//! touched once a batch and peer, for [`Device::handle_sent`] and [`Device::handle_received`], which
//! drive the timers; the reports of several batches [merge](Sent::merge) while another thread has it.
//!
//! # One super-frame
//!
//! *Out*: a TUN read gives up to 64 KiB of one flow (TSO). One [`Routes::outbound`] finds its lane,
//! [`Lane::outbound`] session and endpoint, [`Session::reserve`] as many counters as the frame has
//! segments. The [`Run`] seals each segment where it lies in the send buffer, 16 bytes before and 16
//! behind it, and the buffer leaves in one call (`UDP_SEGMENT`): one receiver index, consecutive
//! counters. [`Run::split_off`] gives half of a frame to the other core. Without a usable session the
//! packets go to [`Device::handle_packet`], which keeps a bounded number, and sends them before the
//! lane shows the new session.
//!
//! ```
//! # use std::time::Instant;
//! # use wgtrace_tunnel::{DataPath, DropCause, Sent};
//! /// `frame`: slots of `slot` bytes, in each a packet of `len` bytes behind 16 bytes of room.
//! fn seal(path: &DataPath, now: Instant, frame: &mut [u8], slot: usize, len: usize, mtu: usize)
//!         -> Result<Option<Sent>, DropCause> {
//!     let routes = path.routes();
//!     let lane = routes.outbound(frame.get(16..16 + len).unwrap_or_default())?;
//!     let Some(out) = lane.outbound(now) else { return Ok(None) }; // to `Device::handle_packet`
//!     let mut run = out.session.reserve(now, frame.len().div_ceil(slot) as u64)?;
//!     let mut sent = Sent { bytes: 0, data: true };
//!     for segment in frame.chunks_mut(slot) {
//!         sent.bytes += run.seal(segment, len, mtu)?.len() as u64;
//!     }
//!     Ok(Some(sent)) // sendmsg(out.endpoint, frame, UDP_SEGMENT = slot), then `Device::handle_sent`
//! }
//! ```
//!
//! *In*: a `UDP_GRO` read gives messages of one source, nearly always of one session. One
//! [`DataPath::session`], then [`Session::open`] and [`Routes::inbound`] for each message in place.
//! Threads that share one peer's messages [`Session::decrypt`] in parallel, which takes no lock, and
//! [`Session::accept`] in order.
//!
//! Everything taken from the data path is held for one batch and no longer, so that a session which
//! the device wiped is gone with the batch. The path of a packet allocates nothing and takes two or
//! three uncontended locks a batch, and two for the replay window of each message received.
//!
//! # Contract
//!
//! No IO, no clock, no randomness, no thread. Every message is hostile until its tag says otherwise.
//! Whatever is refused or lost is counted once, by [`DropCause`]: with its peer, or with the
//! [data path](DataPath::drops) while it is nobody's.
#![forbid(unsafe_code)]

mod allowed_ips;
mod cookies;
mod device;
mod drops;
mod gate;
mod hub;
mod index;
mod limit;
mod path;
mod peer;
mod session;
mod staged;
pub mod time;

pub use allowed_ips::{AllowedIps, Prefix, PrefixError};
pub use device::{ConfigError, Device, DeviceSettings, Handled, PeerSettings, PeerStatus, SessionStatus};
pub use drops::{DropCause, DropCounts, Drops};
pub use gate::HandshakeLimits;
pub use hub::{Event, Payload, Transmit};
pub use path::{DataPath, Lane, Outbound, Routes};
pub use peer::{Received, Sent, Tally};
pub use session::{PeerId, Run, Session};
pub use time::Now;
