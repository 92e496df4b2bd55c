//! A recording or a capture, told again as it was told the first time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use wgtrace_api::v1::Told;

use super::run::Source;
use crate::client::Heard;
use crate::recording::Recording;

/// Tells a recording at its own pace, or faster.
pub(crate) struct Replay {
    told: mpsc::Receiver<Result<Told, String>>,
    /// Times as fast; 0 for at once.
    speed: u32,
    /// What comes next, and when.
    next: Option<(Instant, Told)>,
    before: Option<(Instant, i64)>,
}

impl Replay {
    /// Opens it, and reads it by a thread of its own: who writes it may be slow. Keys are for captures.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub(crate) fn open(path: &Path, keys: &[PathBuf], speed: u32) -> Result<Self> {
        let mut recording = Recording::open(path, keys)?;
        // what is no recording is said before the screen is taken
        let first = recording.read()?;
        let (sender, told) = mpsc::channel(WAITING);
        let read = move || {
            // nobody may listen any more
            while let Ok(told) = next(&mut recording).map_err(|end| drop(sender.blocking_send(Err(end)))) {
                if sender.blocking_send(Ok(told)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("replay".to_owned()).spawn(read).context("cannot start a thread")?;
        let mut replay = Self { told, speed, next: None, before: None };
        if let Some(told) = first {
            replay.schedule(told);
        }
        Ok(replay)
    }

    fn schedule(&mut self, told: Told) {
        let due = match self.before {
            Some((at, time)) if self.speed > 0 => {
                let gap = u64::try_from(told.time.saturating_sub(time)).unwrap_or(0);
                at + (Duration::from_nanos(gap) / self.speed).min(LONGEST)
            }
            Some(_) | None => Instant::now(),
        };
        self.before = Some((due, told.time));
        self.next = Some((due, told));
    }
}

/// What comes next, or why nothing does.
fn next(recording: &mut Recording) -> Result<Told, String> {
    match recording.read() {
        Ok(Some(told)) => Ok(told),
        Ok(None) => Err(recording.fault().unwrap_or_else(|| OVER.to_owned())),
        Err(error) => Err(format!("{error:#}")),
    }
}

impl Source for Replay {
    async fn hear(&mut self) -> Result<Heard, String> {
        if self.next.is_none() {
            let told = self.told.recv().await.unwrap_or_else(|| Err(OVER.to_owned()))?;
            self.schedule(told);
        }
        if let Some((due, _)) = &self.next {
            sleep_until(*due).await;
        }
        self.next.take().map(|(_, told)| told.into()).ok_or_else(|| OVER.to_owned())
    }

    /// All of it is told; what is not wanted is not shown.
    fn want(&mut self, _filter: &str) {}
}

const OVER: &str = "the recording is over";
/// Messages that are read ahead.
const WAITING: usize = 64;
/// Nobody waits longer for what comes next.
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use wgtrace_api::recording::{MAGIC, append};

    use super::*;

    fn file(times: &[i64]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        for time in times {
            append(&Told { from: "worker".into(), time: *time, what: None }, &mut file).unwrap();
        }
        file
    }

    fn told(bytes: &[u8], speed: u32) -> (Vec<(u64, i64)>, String) {
        let mut path = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut path, bytes).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let began = Instant::now();
            let mut replay = Replay::open(path.path(), &[], speed).unwrap();
            let mut all = Vec::new();
            loop {
                match replay.hear().await {
                    Ok(Heard::Told(told)) => all.push((began.elapsed().as_secs(), told.time)),
                    Ok(Heard::Packets { .. }) => panic!("packets of a recording are decoded"),
                    Err(end) => return (all, end),
                }
            }
        })
    }

    #[test]
    fn it_goes_at_its_own_pace_and_long_pauses_are_short() {
        const SECOND: i64 = 1_000_000_000;
        let bytes = file(&[0, SECOND, 2 * SECOND, 900 * SECOND]);
        let (all, end) = told(&bytes, 1);
        assert_eq!(all.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1, 2, 4]);
        assert_eq!(end, "the recording is over");
        assert_eq!(told(&bytes, 0).0.last().unwrap().0, 0);
    }

    #[test]
    fn what_is_cut_short_is_told_up_to_the_cut_and_said() {
        let bytes = file(&[1, 2, 3]);
        let (all, end) = told(&bytes[..bytes.len() - 1], 0);
        assert_eq!(all.len(), 2);
        assert!(end.starts_with("the recording is cut short: "), "{end}");
    }
}
