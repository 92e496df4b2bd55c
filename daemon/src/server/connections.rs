//! Connections as they come: no more than the daemon has descriptors for, and no failure of one ends it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;
use tokio_stream::Stream;
use tonic::transport::server::{Connected, UdsConnectInfo};

use super::seats::{Seat, Seats};

/// Those of `listener`. One that there is no seat for is closed at once.
pub(super) fn accept(
    listener: UnixListener,
    seats: Arc<Seats>,
) -> impl Stream<Item = io::Result<Connection>> {
    stream::unfold((listener, seats), |(listener, seats)| async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let is_root = stream.peer_cred().is_ok_and(|peer| peer.uid() == 0);
                    match seats.take(is_root) {
                        Ok(seat) => return Some((Ok(Connection { stream, _seat: seat }), (listener, seats))),
                        Err(full) => tracing::debug!(%full, "connection refused"),
                    }
                }
                Err(error) => {
                    // there is nothing to accept it with: others may give something back
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
    })
}

/// One of them.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    _seat: Seat,
}

impl Connected for Connection {
    type ConnectInfo = UdsConnectInfo;

    fn connect_info(&self) -> UdsConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Until the next attempt.
const PAUSE: Duration = Duration::from_millis(100);
