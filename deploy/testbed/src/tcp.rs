//! TCP in bulk.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context as _, Result, anyhow};

use crate::Namespace;

/// Sends `bytes` bytes from one namespace to a port in another over one connection; how many arrived.
pub fn transfer(from: &Namespace, to: &Namespace, at: SocketAddr, bytes: u64) -> Result<u64> {
    let listener = to.run(|| TcpListener::bind(at))?.with_context(|| format!("cannot listen at {at}"))?;
    let mut stream = from.run(|| TcpStream::connect(at))?.with_context(|| format!("cannot reach {at}"))?;
    let (mut peer, _) = listener.accept().context("nobody came")?;
    thread::scope(|scope| {
        let sender = scope.spawn(move || -> Result<()> {
            let chunk = vec![0xaa; CHUNK];
            let mut left = bytes;
            while left > 0 {
                let now = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
                stream.write_all(chunk.get(..now).unwrap_or_default())?;
                left -= u64::try_from(now)?;
            }
            Ok(())
        });
        let mut buffer = vec![0; CHUNK];
        let mut arrived = 0;
        loop {
            match peer.read(&mut buffer).context("the connection broke")? {
                0 => break,
                read => arrived += u64::try_from(read)?,
            }
        }
        sender.join().map_err(|_| anyhow!("the sender panicked"))??;
        Ok(arrived)
    })
}

/// More than fits one super-frame.
const CHUNK: usize = 1 << 18;
