//! How long the machine let daemons wait for a core: nothing that they do makes up for that.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::world::World;

/// What had been waited before some moment, by process and thread.
pub(crate) struct Starved(BTreeMap<(i32, String), Duration>);

impl Starved {
    pub(crate) fn before(world: &World) -> Self {
        Self(waited(world))
    }

    /// The longest that a thread has waited since in all; one of a new process from its beginning.
    pub(crate) fn since(&self, world: &World) -> Duration {
        let waits = waited(world);
        let before = |thread| self.0.get(thread).copied().unwrap_or_default();
        let since = waits.iter().map(|(thread, now)| now.saturating_sub(before(thread)));
        since.max().unwrap_or_default()
    }
}

/// Of the threads that move packets, of all daemons.
// linux: Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat: time on a core, time ready and not on one, slices
fn waited(world: &World) -> BTreeMap<(i32, String), Duration> {
    let pids = world.lab.daemons().unwrap().into_iter().filter_map(|daemon| daemon.pid);
    let threads = pids.flat_map(|pid| {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let tasks = tasks.filter(|task| {
            fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim_end() == MOVES)
        });
        tasks.map(move |task| ((pid, task.file_name().to_string_lossy().into_owned()), task.path()))
    });
    let waits = threads.filter_map(|(thread, path)| {
        let text = fs::read_to_string(path.join("schedstat")).ok()?;
        Some((thread, Duration::from_nanos(text.split(' ').nth(1)?.parse().ok()?)))
    });
    waits.collect()
}

/// The thread's name.
const MOVES: &str = "wg-first";
