//! The loop: input before output, and at most so many frames a second, only when something changed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use crossterm::event::Event;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Rect, Size};
use tokio::time::{Instant, sleep_until};

use super::app::App;
use super::clock::Clock;
use super::msg::{Effect, Msg};
use super::views;
use crate::client::Heard;

/// Where what is shown comes from.
pub(crate) trait Source {
    /// What was heard next; nothing more ever after an end, and why.
    fn hear(&mut self) -> impl Future<Output = Result<Heard, String>>;

    /// Only packets that this filter wants are of interest from now on.
    fn want(&mut self, filter: &str);
}

/// Runs the program until a person quits, or `stop` says that it has to end.
pub(crate) async fn run<B>(
    terminal: &mut Terminal<B>,
    app: &mut App,
    mut inputs: impl Stream<Item = Event> + Unpin,
    mut source: impl Source,
    stop: impl Future<Output = Stop>,
    clock: Clock,
    mut copy: impl FnMut(&str) -> Result<()>,
) -> Result<Stop>
where
    B: Backend<Error: Send + Sync + 'static>,
{
    let mut stop = std::pin::pin!(stop);
    let mut drawn = None;
    let mut frame_due = Instant::now();
    let mut has_ended = false;
    loop {
        let is_stale = drawn != Some(app.revision());
        if is_stale && Instant::now() >= frame_due {
            let frame = terminal.draw(|frame| views::draw(app, frame));
            let Rect { width, height, .. } = frame.context("cannot draw on the terminal")?.area;
            drawn = Some(app.revision());
            frame_due = next_frame(frame_due, Instant::now());
            // a size that came before anybody listened for it
            let size = Size { width, height };
            if size != app.size {
                app.update(Msg::Resize(size), clock.now());
            }
            continue;
        }
        let tick_due = clock.moment(app.next_tick());
        let due = if is_stale { frame_due.min(tick_due) } else { tick_due };
        let effects = tokio::select! {
            biased;
            stop = &mut stop => return Ok(stop),
            input = inputs.next() => match input {
                Some(input) => take(app, input, &mut inputs, clock),
                None => return Ok(Stop::NoInput),
            },
            () = sleep_until(due) => {
                if Instant::now() >= tick_due { app.update(Msg::Tick, clock.now()) } else { Vec::new() }
            }
            told = source.hear(), if !has_ended => match told {
                Ok(heard) => app.update(heard.into(), clock.now()),
                Err(why) => {
                    has_ended = true;
                    app.update(Msg::Ended(why), clock.now())
                }
            },
        };
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Stop::Quit),
                Effect::Filter(filter) => source.want(&filter),
                Effect::Copy(text) => copy(&text)?,
                Effect::Redraw => {
                    terminal.clear().context("cannot clear the terminal")?;
                    drawn = None;
                }
            }
        }
    }
}

/// A frame that was late makes the next one come no later; one after a rest begins a rhythm of its own.
fn next_frame(due: Instant, now: Instant) -> Instant {
    if now < due + FRAME { due + FRAME } else { now + FRAME }
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person wanted it.
    Quit,
    /// A signal with this number came.
    Signal(u8),
    /// The terminal is gone.
    NoInput,
}

/// Takes an input and all that wait behind it; of many sizes in a row only the last counts.
fn take(
    app: &mut App,
    first: Event,
    inputs: &mut (impl Stream<Item = Event> + Unpin),
    clock: Clock,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut size = None;
    let mut next = Some(first);
    for _ in 0..INPUTS {
        let Some(input) = next else { break };
        let msg = match input {
            Event::Key(key) => Some(Msg::Key(key)),
            Event::Paste(text) => Some(Msg::Paste(text)),
            Event::Resize(width, height) => {
                size = Some(Size { width, height });
                None
            }
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
        };
        if let Some(msg) = msg {
            effects.extend(app.update(msg, clock.now()));
        }
        next = inputs.next().now_or_never().flatten();
    }
    if let Some(size) = size {
        effects.extend(app.update(Msg::Resize(size), clock.now()));
    }
    effects
}

/// Sixty frames a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// Inputs that are taken before anything is drawn.
const INPUTS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_are_each_a_little_late_are_still_sixty_a_second() {
        let began = Instant::now();
        let (mut due, mut frames) = (began, 0);
        while due < began + Duration::from_secs(1) {
            frames += 1;
            due = next_frame(due, due + Duration::from_millis(3));
        }
        assert_eq!(frames, 60);
    }

    #[test]
    fn after_a_rest_two_frames_are_as_far_apart_as_ever() {
        let (due, now) = (Instant::now(), Instant::now() + Duration::from_mins(1));
        assert_eq!(next_frame(due, now), now + FRAME);
    }
}
