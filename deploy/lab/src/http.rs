//! The web server that pods have, and who asks it.

mod responder;

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

pub use self::responder::{body, serve};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, if all is well.
    pub status: u16,
    /// What was asked for.
    pub body: String,
    /// The connection's near end, as the asking side knows it.
    pub from: SocketAddr,
}

/// Asks for `/` at an address, from the calling thread's network namespace, over a connection that it closes.
///
/// # Errors
/// When there is no connection or no whole answer within five seconds.
pub fn get(at: SocketAddr) -> Result<Answer> {
    let mut stream =
        TcpStream::connect_timeout(&at, PATIENCE).with_context(|| format!("cannot reach {at}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let from = stream.local_addr()?;
    let request = format!("GET / HTTP/1.1\r\nHost: {at}\r\nUser-Agent: wgtrace-lab\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream).take(MOST);
    let answer = read(&mut reader).with_context(|| format!("no whole answer from {at}"))?;
    Ok(Answer { status: answer.0, body: answer.1, from })
}

fn read(reader: &mut impl std::io::BufRead) -> Result<(u16, String)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("{line:?} is no status line"))?;
    let mut length = None;
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the connection ended in the headers");
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length.context("no Content-Length")?.min(usize::try_from(MOST)?)];
    reader.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body)?))
}

const PATIENCE: Duration = Duration::from_secs(5);
/// More than any answer here.
const MOST: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_pod_says_who_it_is() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener, &body("cni-vk8fx", "10.0.1.54".parse().unwrap())));
        let answer = get(at).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, "PodName: cni-vk8fx | PodIP: eth0 10.0.1.54/32\n");
        // as long as in the document, whose last data segment has 46 bytes
        assert_eq!(answer.body.len(), 46);
    }
}
