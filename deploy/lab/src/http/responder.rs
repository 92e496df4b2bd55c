//! What runs in the pods of the service.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What a pod answers: who it is.
pub fn body(pod: &str, address: Ipv4Addr) -> String {
    format!("PodName: {pod} | PodIP: eth0 {address}/32\n")
}

/// Answers every request with the same text, until the listener breaks.
pub fn serve(listener: &TcpListener, body: &str) -> io::Error {
    thread::scope(|scope| {
        loop {
            match listener.accept() {
                // Who breaks off hears nothing, and there is nobody to tell.
                Ok((stream, _)) => drop(scope.spawn(move || answer(&stream, body))),
                // of one that ended before it was taken
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return error,
            }
        }
    })
}

/// Answers the requests of a connection until its far end closes it: `curl` is the one to do so in the document.
fn answer(stream: &TcpStream, body: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        let mut is_head = false;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 || line.len() > LONGEST_LINE {
                return Ok(());
            }
            is_head |= line.starts_with("HEAD ");
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut writer = stream;
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nServer: wgtrace-lab\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        if !is_head {
            writer.write_all(body.as_bytes())?;
        }
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
const LONGEST_LINE: usize = 1 << 13;
