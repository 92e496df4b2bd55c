//! What the data path costs on one core, beside the bare cipher in the same run.
//!
//! `cargo bench -p wgtrace-tunnel`: nanoseconds a packet, best of several rounds.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench reads the clock, prints, and may fail by panicking"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

use chacha20::ChaCha8Rng;
use rand_core::SeedableRng as _;
use wgtrace_decrypt::aead::{Aead as _, RingKey};
use wgtrace_decrypt::key::{PrivateKey, TransportKey};
use wgtrace_tunnel::{
    AllowedIps, DataPath, Device, DeviceSettings, Now, PeerSettings, Prefix, Received, Sent,
};
use wgtrace_wire::wireguard::Counter;

const SEGMENTS: usize = 45;
const ROUNDS: usize = 400;
const MTU: usize = 1420;

fn main() {
    for len in [64, 1420] {
        let slot = len + 32;
        let mut pair = Pair::new();
        let mut frames: Vec<_> = (0..ROUNDS).map(|_| frame(len)).collect();
        let mut bare = frames.clone();
        let (mut bare, key) = (bare.iter_mut(), RingKey::new(&TransportKey::from_bytes([1; 32])));
        let bare = best(|| {
            for (n, message) in bare.next().unwrap().chunks_mut(slot).enumerate() {
                key.seal(Counter(n as u64), message.get_mut(16..).unwrap()).unwrap();
            }
        });
        let mut plain = frames.iter_mut();
        let out = best(|| pair.seal(plain.next().unwrap(), len));
        let mut sealed = frames.iter_mut();
        let incoming = best(|| pair.open(sealed.next().unwrap(), slot));
        let bits = (len * 8) as f64;
        println!("{len} bytes: cipher alone {bare:.0} ns, out {out:.0} ns, in {incoming:.0} ns a packet");
        println!("  out {:.2} Gbit/s, {:.2} of the bare cipher", bits / out, bare / out);
        println!("  in  {:.2} Gbit/s, {:.2} of the bare cipher", bits / incoming, bare / incoming);
    }
    let mut table = AllowedIps::new();
    for n in 0..1000_u16 {
        let [high, low] = n.to_be_bytes();
        table.insert(Prefix::new([10, high, low, 0].into(), 24).unwrap(), n);
    }
    let lookup = best(|| {
        for n in 0..45_u8 {
            black_box(table.lookup([10, n % 4, n.wrapping_mul(37), 1].into()));
        }
    });
    println!("allowed IPs: {lookup:.1} ns a lookup among 1000 networks");
}

/// Nanoseconds a packet of the fastest round.
fn best(mut round: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed().as_nanos()
    });
    rounds.min().unwrap_or(0) as f64 / SEGMENTS as f64
}

fn frame(len: usize) -> Vec<u8> {
    let mut frame = vec![0; (len + 32) * SEGMENTS];
    for slot in frame.chunks_mut(len + 32) {
        let mut header = [0; 20];
        header[0] = 0x45;
        let [high, low] = u16::try_from(len).unwrap().to_be_bytes();
        (header[2], header[3], header[12], header[16]) = (high, low, 10, 10);
        (header[15], header[19]) = (1, 2);
        slot.get_mut(16..36).unwrap().copy_from_slice(&header);
    }
    frame
}

/// Two connected devices.
struct Pair {
    now: Now,
    rng: ChaCha8Rng,
    devices: [Device; 2],
    paths: [std::sync::Arc<DataPath>; 2],
}

impl Pair {
    fn new() -> Self {
        let now = Now { monotonic: Instant::now(), unix_nanos: 0 };
        let key = |n: u8| PrivateKey::from_bytes([n; 32]);
        let mut devices = [1, 2].map(|n| {
            let mut device = Device::new(now.monotonic, DeviceSettings::new(key(n))).unwrap();
            let peer = PeerSettings {
                endpoint: Some(Self::addr(3 - n)),
                allowed_ips: vec![Prefix::host([10, 0, 0, 3 - n].into())],
                ..PeerSettings::new(key(3 - n).public())
            };
            device.add_peer(now, peer).unwrap();
            device
        });
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let [a, b] = &mut devices;
        let peer = a.peers().next().unwrap();
        a.initiate(now, &mut rng, peer).unwrap();
        for _ in 0..3 {
            while let Some(message) = a.poll_transmit() {
                let _ =
                    b.handle_datagram(now, &mut rng, Self::addr(1), &mut message.payload.as_ref().to_vec());
            }
            while let Some(message) = b.poll_transmit() {
                let _ =
                    a.handle_datagram(now, &mut rng, Self::addr(2), &mut message.payload.as_ref().to_vec());
            }
        }
        let paths = [a.data_path(), b.data_path()];
        Self { now, rng, devices, paths }
    }

    fn addr(n: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, n], 51871))
    }

    fn seal(&mut self, frame: &mut [u8], len: usize) {
        let ([path, _], [device, _], now) = (&self.paths, &mut self.devices, self.now);
        let routes = path.routes();
        let lane = routes.outbound(frame.get(16..).unwrap()).unwrap();
        let out = lane.outbound(now.monotonic).unwrap();
        let mut run = out.session.reserve(now.monotonic, SEGMENTS as u64).unwrap();
        let mut sent = Sent { bytes: 0, data: true };
        for slot in frame.chunks_mut(len + 32) {
            sent.bytes += run.seal(slot, len, len.min(MTU)).unwrap().len() as u64;
        }
        device.handle_sent(now, &mut self.rng, &out.session, sent);
    }

    fn open(&mut self, frame: &mut [u8], slot: usize) {
        let ([_, path], [_, device], now) = (&self.paths, &mut self.devices, self.now);
        let session = path.session(frame).unwrap();
        let routes = path.routes();
        let mut received = Received { source: Self::addr(1), bytes: 0, data: true };
        for message in frame.chunks_mut(slot) {
            received.bytes += message.len() as u64;
            let plain = session.open(now.monotonic, message).unwrap();
            black_box(routes.inbound(&session, plain).unwrap());
        }
        device.handle_received(now, &mut self.rng, &session, received);
    }
}
