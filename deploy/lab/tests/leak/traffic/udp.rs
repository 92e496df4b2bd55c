//! Numbered datagrams.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wgtrace_lab::Place;

use super::Flow;
use crate::canary::{Canary, number};

/// From one place to a port of another.
pub(super) fn start(
    flow: &Arc<Flow>,
    stop: &Arc<AtomicBool>,
    canary: &Canary,
    from: &Place,
    to: &Place,
    at: SocketAddr,
) -> [JoinHandle<()>; 2] {
    let receiver = to.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, at.port()))).unwrap().unwrap();
    receiver.set_read_timeout(Some(PAUSE)).unwrap();
    let (flow_there, stop_there) = (Arc::clone(flow), Arc::clone(stop));
    let receiving = thread::spawn(move || {
        let mut buffer = [0; 2048];
        while !stop_there.load(Ordering::Relaxed) {
            match receiver.recv(&mut buffer) {
                Ok(len) => flow_there.note_arrival(number(&buffer[..len]).unwrap()),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => flow_there.note_broken(error.to_string()),
            }
        }
    });
    [send(flow, stop, canary, from, at), receiving]
}

/// To wherever it is.
pub(super) fn send(
    flow: &Arc<Flow>,
    stop: &Arc<AtomicBool>,
    canary: &Canary,
    from: &Place,
    at: SocketAddr,
) -> JoinHandle<()> {
    let sender = from.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))).unwrap().unwrap();
    let (flow, stop, canary) = (Arc::clone(flow), Arc::clone(stop), canary.clone());
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let number = flow.count_sent();
            // every so often, one that has to be sent in fragments
            let len = if number.is_multiple_of(LONG_ONE_IN) { LONG } else { LEN };
            // refused, unreachable: lost like any other
            let _ = sender.send_to(&canary.payload(number, len), at);
            thread::sleep(INTERVAL);
        }
    })
}

const LEN: usize = 200;
const LONG: usize = 2000;
const LONG_ONE_IN: u64 = 16;
const INTERVAL: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(50);
