//! Who is told of what happens to sessions.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Weak};

use wgtrace_tunnel::Event;

/// What happens to sessions from some moment on, for one listener.
#[derive(Debug)]
pub struct Listening {
    events: Receiver<Event>,
    _life: Arc<()>,
}

impl Listening {
    /// The next event.
    ///
    /// # Errors
    /// When there is none yet, or the device is gone.
    pub fn next(&self) -> Result<Event, TryRecvError> {
        self.events.try_recv()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<Listener>);

#[derive(Debug)]
struct Listener {
    events: SyncSender<Event>,
    life: Weak<()>,
}

impl Listeners {
    /// One more; those that are gone are forgotten.
    pub(super) fn add(&mut self) -> Listening {
        // each has room for all its events, and the next event may be minutes away
        self.0.retain(|listener| listener.life.strong_count() > 0);
        let (sender, events) = sync_channel(MOST_EVENTS);
        let life = Arc::new(());
        self.0.push(Listener { events: sender, life: Arc::downgrade(&life) });
        Listening { events, _life: life }
    }

    /// Tells all; how many were too slow for it.
    pub(super) fn tell(&mut self, event: &Event) -> u64 {
        let mut missed = 0;
        self.0.retain(|listener| match listener.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                missed += 1;
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        });
        missed
    }
}

/// Events that wait.
const MOST_EVENTS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_that_are_gone_take_no_room_though_nothing_happens() {
        let mut listeners = Listeners::default();
        let stays = listeners.add();
        for _ in 0..100 {
            drop(listeners.add());
        }
        assert!(listeners.0.len() <= 2, "{}", listeners.0.len());
        assert_eq!(stays.next().unwrap_err(), TryRecvError::Empty);
        drop(listeners);
        assert_eq!(stays.next().unwrap_err(), TryRecvError::Disconnected);
    }
}
