//! Echo requests with the canary in them.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};
use wgtrace_lab::Place;
use wgtrace_wire::checksum;

use super::Flow;
use crate::canary::{Canary, number};

/// From a place to an address.
pub(super) fn start(
    flow: &Arc<Flow>,
    stop: &Arc<AtomicBool>,
    canary: &Canary,
    from: &Place,
    to: Ipv4Addr,
) -> [JoinHandle<()>; 2] {
    /// Tells the answers to this flow from those to others in the same namespace.
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let open = || socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP));
    let sender = Arc::new(from.run(open).unwrap().unwrap());
    set_socket_timeout(&sender, Timeout::Recv, Some(PAUSE)).unwrap();
    let receiver = Arc::clone(&sender);
    let (flow_there, stop_there) = (Arc::clone(flow), Arc::clone(stop));
    let receiving = thread::spawn(move || {
        let mut packet = [0; 2048];
        while !stop_there.load(Ordering::Relaxed) {
            let Ok((len, _)) = recv(&receiver, &mut packet, RecvFlags::empty()) else { continue };
            // behind an IP header without options: type, code, checksum, id, sequence
            if let Some([0, 0, _, _, high, low, _, _, payload @ ..]) = packet[..len].get(20..)
                && [*high, *low] == id
            {
                flow_there.note_arrival(number(payload).unwrap());
            }
        }
    });
    let (flow, stop, canary) = (Arc::clone(flow), Arc::clone(stop), canary.clone());
    let sending = thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let number = flow.count_sent();
            let [.., high, low] = number.to_be_bytes();
            let mut request = vec![8, 0, 0, 0, id[0], id[1], high, low];
            request.extend(canary.payload(number, LEN));
            let sum = checksum::internet(&[&request]).to_be_bytes();
            request[2..4].copy_from_slice(&sum);
            // unreachable: lost like any other
            let _ = sendto(&sender, &request, SendFlags::empty(), &SocketAddrV4::new(to, 0));
            thread::sleep(INTERVAL);
        }
    });
    [sending, receiving]
}

const LEN: usize = 120;
const INTERVAL: Duration = Duration::from_millis(25);
const PAUSE: Duration = Duration::from_millis(50);
