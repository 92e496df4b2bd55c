//! The socket that wg(8) asks for a device in user space; it shows the device and changes nothing.

mod text;

use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::umask;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::{DeviceName, WireGuard};

/// A listening socket, removed when this is dropped. Only its owner can open it: the answer holds
/// the device's keys, as `wg` derives the public key from the private one.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens where `wg` looks for `name`, in the place of one that a dead program left behind.
    pub fn bind(name: &DeviceName) -> io::Result<Self> {
        Self::bind_in(Path::new(DIRECTORY), name)
    }

    /// The same in another directory.
    pub fn bind_in(directory: &Path, name: &DeviceName) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
        let path = directory.join(format!("{name}.sock"));
        let listener = match listen(&path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                if std::os::unix::net::UnixStream::connect(&path).is_ok() {
                    let text = format!("{} is served by another program", path.display());
                    return Err(io::Error::new(ErrorKind::AddrInUse, text));
                }
                std::fs::remove_file(&path)?;
                listen(&path)?
            }
            listener => listener?,
        };
        Ok(Self { listener, path })
    }

    /// Answers until accepting fails.
    pub async fn serve(&self, device: &dyn WireGuard) -> io::Error {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    // One that says nothing keeps the others waiting no longer than this.
                    let served = tokio::time::timeout(PATIENCE, answer(stream, device)).await;
                    if let Ok(Err(error)) = served {
                        tracing::debug!(%error, "answering wg");
                    }
                }
                Err(error) => return error,
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Gone already: nothing is left to do.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    // From its first moment nobody else can open it.
    let before = umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers the requests of one client; each ends with an empty line.
async fn answer(mut stream: UnixStream, device: &dyn WireGuard) -> io::Result<()> {
    let mut request = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        while let Some(end) = request.windows(2).position(|pair| pair == b"\n\n") {
            let reply = text::reply(request.get(..end).unwrap_or_default(), device);
            stream.write_all(reply.as_bytes()).await?;
            request.drain(..end + 2);
        }
        if request.len() >= MOST_REQUEST {
            return Err(ErrorKind::InvalidData.into());
        }
    }
}

const DIRECTORY: &str = "/var/run/wireguard";
const PATIENCE: Duration = Duration::from_secs(2);
const MOST_REQUEST: usize = 1 << 20;
