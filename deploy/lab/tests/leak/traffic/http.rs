//! Requests to a service, each on a connection of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wgtrace_lab::Place;
use wgtrace_testbed::Namespace;

use super::Flow;
use crate::canary::Canary;

/// From a place to each of these addresses in turn. Who answered is noted: `172.18.0.2:32000 by cni-vk8fx`.
pub(super) fn start(
    flow: &Arc<Flow>,
    stop: &Arc<AtomicBool>,
    canary: &Canary,
    from: &Place,
    at: &[SocketAddr],
) -> JoinHandle<()> {
    let namespace = Namespace::open(&from.network().path()).unwrap();
    let (flow, stop, canary, at) = (Arc::clone(flow), Arc::clone(stop), canary.clone(), at.to_vec());
    // all of it in the namespace: connections are made there
    thread::spawn(move || namespace.run(|| ask(&flow, &stop, &canary, &at)).unwrap())
}

fn ask(flow: &Flow, stop: &AtomicBool, canary: &Canary, at: &[SocketAddr]) {
    for at in at.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let number = flow.count_sent();
        match get(*at, canary.text()) {
            Ok(body) => {
                flow.note_arrival(number);
                flow.note_answer(format!("{at} by {}", pod(&body)));
            }
            Err(error) => flow.note_answer(format!("{at}: {error}")),
        }
        thread::sleep(INTERVAL);
    }
}

fn get(at: SocketAddr, canary: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(
        format!("GET /{canary} HTTP/1.1\r\nHost: {at}\r\nX-Canary: {canary}\r\n\r\n").as_bytes(),
    )?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // the server keeps the connection; its answer ends with a line
    while !answer.windows(4).any(|end| end == b"/32\n") {
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            len => answer.extend_from_slice(&buffer[..len]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whose answer it is.
fn pod(answer: &str) -> &str {
    answer.split("PodName: ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or(answer)
}

const INTERVAL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_millis(800);
