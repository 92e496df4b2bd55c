//! What became of a flow.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A flow, as its ends tell of it.
pub(crate) struct Flow {
    name: String,
    sent: AtomicU64,
    arrivals: Mutex<Vec<(Instant, u64)>>,
    /// What answered what, and how often.
    answers: Mutex<BTreeMap<String, u64>>,
    broken: Mutex<Option<String>>,
}

impl Flow {
    pub(super) fn new(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            sent: AtomicU64::new(0),
            arrivals: Mutex::default(),
            answers: Mutex::default(),
            broken: Mutex::default(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn count_sent(&self) -> u64 {
        self.sent.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn note_arrival(&self, number: u64) {
        self.times().push((Instant::now(), number));
    }

    pub(super) fn note_answer(&self, text: String) {
        *self.answers.lock().unwrap().entry(text).or_default() += 1;
    }

    pub(super) fn note_broken(&self, error: String) {
        self.broken.lock().unwrap().get_or_insert(error);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn arrived(&self) -> usize {
        self.times().len()
    }

    /// Why its connection broke, if it did.
    pub(crate) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap().clone()
    }

    pub(crate) fn answers(&self) -> BTreeMap<String, u64> {
        self.answers.lock().unwrap().clone()
    }

    /// The first arrival after a moment.
    pub(crate) fn first_after(&self, moment: Instant) -> Option<Instant> {
        self.times().iter().map(|(at, _)| *at).find(|at| *at > moment)
    }

    /// How many arrived between two moments.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> usize {
        self.times().iter().filter(|(at, _)| (from..to).contains(at)).count()
    }

    /// The longest time between two arrivals from a moment on.
    pub(crate) fn gap_since(&self, moment: Instant) -> Duration {
        let times = self.times();
        let moments = times.iter().map(|(at, _)| *at).filter(|at| *at > moment).chain([Instant::now()]);
        let mut last = moment;
        let gaps = moments.map(|at| at.saturating_duration_since(std::mem::replace(&mut last, at)));
        gaps.max().unwrap_or_default()
    }

    /// Numbers that never arrived, among those before the last that did.
    pub(crate) fn missing(&self) -> u64 {
        let times = self.times();
        let last = times.iter().map(|(_, number)| number + 1).max().unwrap_or_default();
        last.saturating_sub(times.len().try_into().unwrap())
    }

    fn times(&self) -> MutexGuard<'_, Vec<(Instant, u64)>> {
        self.arrivals.lock().unwrap()
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.times().array_windows().map(|[(a, _), (b, _)]| b.duration_since(*a)).max();
        let (name, sent, arrived) = (&self.name, self.sent(), self.arrived());
        write!(out, "{name}: {sent} sent, {arrived} arrived, {} missing", self.missing())?;
        write!(out, ", longest gap {} ms", longest.unwrap_or_default().as_millis())?;
        self.answers().iter().try_for_each(|(answer, count)| write!(out, "\n      {count} {answer}"))?;
        self.broken().iter().try_for_each(|error| write!(out, ", broken: {error}"))
    }
}

/// The middle one.
pub(crate) fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or_default()
}
