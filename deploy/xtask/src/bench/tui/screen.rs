//! What is seen on the terminal, and when.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use wgtrace_testbed::Terminal;

use super::daemon::Daemon;
use super::usage;

/// Times in milliseconds, in order.
#[derive(Debug)]
pub(super) struct Times(Vec<f64>);

impl Times {
    fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    fn at(&self, per_mille: usize) -> f64 {
        self.0.get(self.0.len().saturating_sub(1) * per_mille / 1000).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1}, {:.1}, {:.1} ms", self.at(500), self.at(990), self.at(1000))
    }
}

/// How the screen followed a key that was held down.
#[derive(Debug)]
pub(super) struct Scrolled {
    per_second: f64,
    /// Milliseconds of CPU for each.
    cpu: f64,
    gaps: Times,
}

impl Scrolled {
    pub(super) fn rate(&self) -> String {
        format!("{:.1} /s", self.per_second)
    }

    pub(super) fn frames(&self) -> String {
        format!("{:.2} ms; {}", self.cpu, self.gaps)
    }

    pub(super) fn gaps(&self) -> String {
        self.gaps.to_string()
    }
}

/// Looks at the screen for a while.
pub(super) fn watch(terminal: &mut Terminal, time: Duration) -> Result<()> {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        terminal.next_frame(deadline.saturating_duration_since(Instant::now()))?;
    }
    Ok(())
}

/// The youngest flow first.
pub(super) fn by_age(terminal: &mut Terminal) -> Result<()> {
    for _ in 0..COLUMNS {
        if head(terminal.screen()).contains("AGE^") {
            break;
        }
        terminal.send(b"s")?;
        terminal.next_frame(PATIENCE)?;
    }
    terminal.wait_for("the order by age", PATIENCE, |screen| head(screen).contains("AGE^"))
}

/// How long each marker is on its way: from when the daemon is handed it for its socket to its bytes on the terminal,
/// whose list begins with the youngest.
pub(super) fn markers(terminal: &mut Terminal, daemon: &Daemon, many: u64) -> Result<Times> {
    to_the_top(terminal)?;
    let mut times = Vec::new();
    for number in 0..many {
        let sent = Instant::now();
        let name = daemon.mark()?;
        terminal.wait_for(&name, PATIENCE, |screen| screen.contents().contains(&name))?;
        times.push(sent.elapsed().as_secs_f64() * 1000.0);
        // at no fixed point of the program's own rhythm
        watch(terminal, Duration::from_millis(20 + number * 37 % 90))?;
    }
    Ok(Times::new(times))
}

/// Frames while a key is held down, faster than there can be frames.
pub(super) fn scroll(terminal: &mut Terminal, key: &str, seconds: u64) -> Result<Scrolled> {
    to_the_top(terminal)?;
    let pid = terminal.pid();
    let (before, began) = (terminal.frames(), Instant::now());
    let (mut last, mut gaps) = (began, Vec::new());
    let share = usage::share(pid, || {
        while began.elapsed() < Duration::from_secs(seconds) {
            terminal.send(key.as_bytes())?;
            let next = Instant::now() + REPEAT;
            while let Some(left) = next.checked_duration_since(Instant::now()) {
                if terminal.next_frame(left)? {
                    let now = Instant::now();
                    gaps.push((now - last).as_secs_f64() * 1000.0);
                    last = now;
                }
            }
        }
        Ok(())
    })?;
    let frames = f64::from(u32::try_from(terminal.frames() - before)?);
    let per_second = frames / began.elapsed().as_secs_f64();
    Ok(Scrolled { per_second, cpu: share * 10.0 / per_second, gaps: Times::new(gaps) })
}

fn to_the_top(terminal: &mut Terminal) -> Result<()> {
    terminal.send(b"g")?;
    watch(terminal, Duration::from_millis(500))
}

/// The first line.
pub(super) fn head(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1).next().unwrap_or_default().trim_end().to_owned()
}

/// Rows and columns.
pub(super) const SIZE: (u16, u16) = (50, 160);
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two keys.
const REPEAT: Duration = Duration::from_millis(4);
/// More columns there are not.
const COLUMNS: usize = 20;
