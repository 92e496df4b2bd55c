//! The pipeline spread over threads: one reads at a time, all decrypt, output keeps its order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use wgtrace_decrypt::capture;
use wgtrace_decrypt::pipeline::{Batch, Encoder, Front, Nest, Report};
use wgtrace_decrypt::secrets::Secrets;

use crate::io::{Output, Reading, Target, write_at};

/// What the stages of the pipeline have counted.
pub(crate) struct Counted {
    pub(crate) front: Front<Reading>,
    pub(crate) nest: Nest,
    pub(crate) report: Report,
}

/// Decrypts everything that `front` reads.
pub(crate) fn run(
    front: Front<Reading>,
    output: Output,
    header: &[u8],
    encoder: &Encoder,
    jobs: usize,
    progress: Option<u64>,
) -> Result<Counted> {
    let jobs = jobs.min(MAX_JOBS);
    let (sink, handle) = Sink::open(output, header)?;
    let line = Line {
        front: Mutex::new(front),
        back: Mutex::new(Back::new(sink, header.len() as u64)),
        turn: Condvar::new(),
        waiting_limit: jobs * 2,
        handle,
        progress: progress.map_or_else(ProgressBar::hidden, bar),
    };
    thread::scope(|scope| {
        // Where the system gives no more threads, those there are do.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, || line.work(encoder)).ok();
        let workers: Vec<_> = (1..jobs).map_while(spawn).collect();
        line.work(encoder);
        for worker in workers {
            // A panic is a bug: let it be seen as one.
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    line.progress.finish_and_clear();
    let back = line.back.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = back.error {
        return Err(error);
    }
    back.sink.close(back.position)?;
    let front = line.front.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Counted { front, nest: back.nest, report: back.report })
}

/// Each thread has a few chunks of its own: more of them would cost memory, and reading is one's work.
const MAX_JOBS: usize = 64;

/// What the workers share.
struct Line {
    front: Mutex<Front<Reading>>,
    back: Mutex<Back>,
    /// Signalled when batches were consumed.
    turn: Condvar,
    /// Batches that may wait for an earlier one before readers pause.
    waiting_limit: usize,
    /// For writing at positions, outside every lock.
    handle: Option<File>,
    progress: ProgressBar,
}

/// The ordered end.
struct Back {
    next: u64,
    waiting: BTreeMap<u64, Batch>,
    spare: Vec<Batch>,
    nest: Nest,
    report: Report,
    sink: Sink,
    position: u64,
    error: Option<anyhow::Error>,
}

enum Sink {
    Nothing,
    Stream(Box<dyn Write + Send>),
    File(Target),
}

impl Line {
    fn work(&self, encoder: &Encoder) {
        let _leaving = Leaving(self);
        let mut batch = Batch::new();
        let mut ready = Vec::new();
        loop {
            match self.step(encoder, &mut batch, &mut ready) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    lock(&self.back).error.get_or_insert(error);
                    self.turn.notify_all();
                    return;
                }
            }
        }
    }

    /// Takes one batch from reading to writing; `false` when there is nothing left to do.
    fn step(&self, encoder: &Encoder, batch: &mut Batch, ready: &mut Vec<(Batch, u64)>) -> Result<bool> {
        if !lock(&self.front).next(batch)? {
            return Ok(false);
        }
        batch.open(encoder, &mut |receiver| lock(&self.front).late_slots(receiver))?;
        {
            let mut back = lock(&self.back);
            // The batch that is next never waits here, so this comes to an end.
            while back.waiting.len() >= self.waiting_limit
                && batch.ticket != back.next
                && back.error.is_none()
            {
                back = self.turn.wait(back).unwrap_or_else(PoisonError::into_inner);
            }
            if back.error.is_some() {
                return Ok(false);
            }
            // Held: the back's lock, then the front's; nowhere the other way round.
            let secrets = || gathered(&mut lock(&self.front));
            back.accept(std::mem::take(batch), encoder, secrets, ready)?;
        }
        self.turn.notify_all();
        for (batch, position) in ready.iter() {
            if let Some(file) = &self.handle {
                write_at(file, batch.output(), *position).context("cannot write the output")?;
            }
            self.progress.set_position(batch.input_offset());
        }
        // A batch just written is still in this core's cache: use that one again.
        let mut back = lock(&self.back);
        back.spare.extend(ready.drain(..).map(|(batch, _)| batch));
        *batch = back.spare.pop().unwrap_or_default();
        Ok(true)
    }
}

/// Lets go those who wait for the batch of a thread that panicked.
struct Leaving<'a>(&'a Line);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.back).error.get_or_insert_with(|| anyhow!("a thread panicked"));
            self.0.turn.notify_all();
        }
    }
}

impl Back {
    fn new(sink: Sink, position: u64) -> Self {
        Self {
            next: 0,
            waiting: BTreeMap::new(),
            spare: Vec::new(),
            nest: Nest::new(),
            report: Report::new(),
            sink,
            position,
            error: None,
        }
    }

    /// Takes a batch in; what is in turn now is counted, placed, and passed on in `ready`.
    fn accept(
        &mut self,
        batch: Batch,
        encoder: &Encoder,
        secrets: impl Fn() -> Result<Secrets, capture::Error>,
        ready: &mut Vec<(Batch, u64)>,
    ) -> Result<()> {
        self.waiting.insert(batch.ticket, batch);
        while let Some(mut batch) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.nest.descend(&mut batch, encoder, &secrets)?;
            self.report.absorb(&batch);
            let end = self.position + batch.output().len() as u64;
            match &mut self.sink {
                Sink::Nothing => {}
                Sink::Stream(stream) => {
                    stream.write_all(batch.output()).context("cannot write the output")?;
                }
                Sink::File(target) => target.reserve(end),
            }
            ready.push((batch, self.position));
            self.position = end;
        }
        Ok(())
    }
}

/// All keys there are, those in the capture included.
fn gathered(front: &mut Front<Reading>) -> Result<Secrets, capture::Error> {
    front.gather()?;
    Ok(front.sessions().secrets().clone())
}

impl Sink {
    fn open(output: Output, header: &[u8]) -> Result<(Self, Option<File>)> {
        Ok(match output {
            Output::Nothing => (Self::Nothing, None),
            Output::Stream(mut stream) => {
                stream.write_all(header).context("cannot write the output")?;
                (Self::Stream(stream), None)
            }
            Output::File(target) => {
                let handle = target.handle()?;
                write_at(&handle, header, 0).context("cannot write the output")?;
                (Self::File(target), Some(handle))
            }
        })
    }

    fn close(self, length: u64) -> Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Stream(mut stream) => stream.flush().context("cannot write the output"),
            Self::File(target) => target.keep(length),
        }
    }
}

/// A panic elsewhere is reported by whoever joins; the data itself stays consistent.
///
/// The locks are held for microseconds, a sleeping thread takes tens of them to wake: spin first.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    for _ in 0..SPINS {
        if let Ok(guard) = mutex.try_lock() {
            return guard;
        }
        std::hint::spin_loop();
    }
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// About 50 us.
const SPINS: u32 = 2000;

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        bar.set_style(style);
    }
    bar
}
