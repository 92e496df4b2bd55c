//! A stream that is sent back.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wgtrace_lab::Place;

use super::Flow;
use crate::canary::{Canary, number};
use wgtrace_testbed::PATIENCE;

/// One connection for as long as it goes on; pieces arrive when they are back.
pub(super) fn start(
    flow: &Arc<Flow>,
    stop: &Arc<AtomicBool>,
    canary: &Canary,
    from: &Place,
    to: &Place,
    at: SocketAddr,
) -> Vec<JoinHandle<()>> {
    let listener = to.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, at.port()))).unwrap().unwrap();
    let client = from.run(|| TcpStream::connect_timeout(&at, PATIENCE)).unwrap();
    let client = client.unwrap_or_else(|error| panic!("{}: {error}", flow.name()));
    let (server, _) = listener.accept().unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PAUSE)).unwrap();
        stream.set_write_timeout(Some(PAUSE)).unwrap();
    }
    let writer = client.try_clone().unwrap();
    let spawn = |work: fn(&Flow, &AtomicBool, &Canary, TcpStream) -> std::io::Result<()>,
                 stream: TcpStream| {
        let (flow, stop, canary) = (Arc::clone(flow), Arc::clone(stop), canary.clone());
        thread::spawn(move || {
            if let Err(error) = work(&flow, &stop, &canary, stream)
                && !stop.load(Ordering::Relaxed)
            {
                flow.note_broken(error.to_string());
            }
        })
    };
    vec![spawn(write, writer), spawn(take, client), spawn(echo, server)]
}

fn write(flow: &Flow, stop: &AtomicBool, canary: &Canary, mut stream: TcpStream) -> std::io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let piece = canary.payload(flow.count_sent(), PIECE);
        put(stop, &mut stream, &piece)?;
        thread::sleep(INTERVAL);
    }
    Ok(())
}

fn take(flow: &Flow, stop: &AtomicBool, _: &Canary, mut stream: TcpStream) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    while fill(stop, &mut stream, &mut piece)? {
        flow.note_arrival(number(&piece).unwrap());
    }
    Ok(())
}

fn echo(_: &Flow, stop: &AtomicBool, _: &Canary, mut stream: TcpStream) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    while fill(stop, &mut stream, &mut piece)? {
        put(stop, &mut stream, &piece)?;
    }
    Ok(())
}

/// Whether it was filled before it was over.
fn fill(stop: &AtomicBool, stream: &mut TcpStream, piece: &mut [u8]) -> std::io::Result<bool> {
    let mut have = 0;
    while have < piece.len() {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match stream.read(&mut piece[have..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(len) => have += len,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn put(stop: &AtomicBool, stream: &mut TcpStream, piece: &[u8]) -> std::io::Result<()> {
    let mut left = piece;
    while !left.is_empty() && !stop.load(Ordering::Relaxed) {
        match stream.write(left) {
            Ok(len) => left = &left[len..],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

const PIECE: usize = 1024;
const INTERVAL: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(50);
