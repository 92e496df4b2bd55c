//! Room for who asks and who listens: what waits for each is bounded, and so is how many there are.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio_stream::Stream;
use tonic::Status;

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// Each is a descriptor of the daemon's, which has others to open.
    pub(super) connections: Arc<Seats>,
    /// Packets for a reader that never reads hold about 4 MiB, flows as much again where there are many.
    pub(super) streams: Arc<Seats>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            connections: Arc::new(Seats::new("connections", 320, 64)),
            streams: Arc::new(Seats::new("streams", 64, 16)),
        }
    }

    /// What was refused since the daemon started, by cause.
    pub(super) fn refused(&self) -> [(&'static str, u64); 2] {
        [
            ("connections refused, too many were open", self.connections.refused()),
            ("streams refused, too many were open", self.streams.refused()),
        ]
    }
}

/// Seats of one kind.
#[derive(Debug)]
pub(super) struct Seats {
    what: &'static str,
    most: usize,
    /// Of these, those that are kept for root.
    roots: usize,
    taken: AtomicUsize,
    refused: AtomicU64,
}

impl Seats {
    const fn new(what: &'static str, most: usize, roots: usize) -> Self {
        Self { what, most, roots, taken: AtomicUsize::new(0), refused: AtomicU64::new(0) }
    }

    /// A seat, until it is dropped.
    ///
    /// # Errors
    /// When all of them are taken.
    pub(super) fn take(self: &Arc<Self>, is_root: bool) -> Result<Seat, Status> {
        let Self { what, most, roots, .. } = **self;
        let open_to = if is_root { most } else { most.saturating_sub(roots) };
        let one_more = |taken: usize| (taken < open_to).then(|| taken.saturating_add(1));
        match self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Seat(Arc::clone(self))),
            Err(taken) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(Status::resource_exhausted(format!(
                    "{taken} {what} are open, and one more is not served: at most {most} are at once, the last {roots} \
                     for root alone; end one (`wgtrace tui` has one connection and five streams)"
                )))
            }
        }
    }

    fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct Seat(Arc<Seats>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream, and the seat of who reads it.
pub(super) struct Seated<S> {
    stream: S,
    _seat: Seat,
}

impl<S> Seated<S> {
    pub(super) fn new(stream: S, seat: Seat) -> Self {
        Self { stream, _seat: seat }
    }
}

impl<S: Stream + Unpin> Stream for Seated<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut self.stream).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn seats_are_bounded_some_are_roots_and_who_leaves_makes_room() {
        let seats = Arc::new(Seats::new("streams", 5, 2));
        let mut taken: Vec<_> = (0..3).map(|_| seats.take(false).unwrap()).collect();
        let refused = seats.take(false).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().starts_with("3 streams are open"), "{refused}");
        taken.extend((0..2).map(|_| seats.take(true).unwrap()));
        assert!(seats.take(true).unwrap_err().message().starts_with("5 streams are open"));
        assert_eq!(seats.refused(), 2);
        taken.pop();
        assert!(seats.take(false).is_err(), "that is root's");
        taken.push(seats.take(true).unwrap());
        taken.clear();
        assert!(seats.take(false).is_ok());
    }
}
