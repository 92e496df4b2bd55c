//! Why events cannot be read, while they cannot.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::Notify;

/// Told by the engine when it fails, and by the keeper when it has mended that.
#[derive(Debug, Default)]
pub(super) struct Health {
    fault: Mutex<Option<String>>,
    failed: Notify,
}

impl Health {
    /// Events cannot be read.
    pub(super) fn fail(&self, reason: String) {
        tracing::error!("events cannot be read any more: {reason}");
        *self.lock() = Some(reason);
        self.failed.notify_one();
    }

    /// They still cannot, by now for this reason.
    pub(super) fn still_fails(&self, reason: &str) {
        let before = self.lock().replace(reason.to_owned());
        if before.is_none_or(|before| before != reason) {
            tracing::warn!("events cannot be read again yet: {reason}");
        }
    }

    /// They can be read again.
    pub(super) fn mend(&self) {
        if self.lock().take().is_some() {
            tracing::info!("events are read again");
        }
    }

    /// Why they cannot be read, if they cannot.
    pub(super) fn fault(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Returns when something has failed since this was called last.
    pub(super) async fn failed(&self) {
        self.failed.notified().await;
    }

    /// Does some work, and takes a panic for the failure that it is.
    pub(super) fn watch_over(&self, work: impl FnOnce()) {
        let _guard = Guard(self);
        work();
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Guard<'a>(&'a Health);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail("the thread that reads them panicked".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_thread_that_panics_is_a_fault_until_it_is_mended() {
        let health = Arc::new(Health::default());
        let of_thread = Arc::clone(&health);
        let ended = thread::spawn(move || of_thread.watch_over(|| panic!("on purpose"))).join();
        assert!(ended.is_err());
        assert_eq!(health.fault().as_deref(), Some("the thread that reads them panicked"));
        health.mend();
        assert_eq!(health.fault(), None);
        thread::scope(|scope| scope.spawn(|| health.watch_over(|| {})).join()).unwrap();
        assert_eq!(health.fault(), None);
    }
}
