//! The terminal, taken and given back as it was, whatever happens.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::panic;

use anyhow::{Context as _, Result, ensure};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use futures_util::{Stream, stream};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::run::Stop;

/// What is drawn on.
pub(crate) type Output = Terminal<CrosstermBackend<Frames<BufWriter<Stdout>>>>;

/// The terminal while it is ours.
#[derive(Debug)]
pub(crate) struct Screen(());

impl Screen {
    /// Takes the terminal: another screen, every key as it is pressed, pasted text in one piece.
    pub(crate) fn take() -> Result<(Self, Output)> {
        ensure!(
            io::stdout().is_terminal(),
            "standard output is no terminal; `wgtrace observe` says the same in lines"
        );
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        enable_raw_mode().context("cannot take the terminal")?;
        let screen = Self(());
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
            .context("cannot take the terminal")?;
        let backend = CrosstermBackend::new(Frames::new(BufWriter::with_capacity(BUFFER, io::stdout())));
        Ok((screen, Terminal::new(backend).context("cannot tell the size of the terminal")?))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// That it fails is nothing that could still be told.
fn give_back() {
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// Writes what comes between two flushes as one update: a terminal that knows how shows none of it half done.
#[derive(Debug)]
pub(crate) struct Frames<W> {
    out: W,
    is_open: bool,
}

impl<W: Write> Frames<W> {
    fn new(out: W) -> Self {
        Self { out, is_open: false }
    }
}

impl<W: Write> Write for Frames<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_open {
            queue!(self.out, BeginSynchronizedUpdate)?;
            self.is_open = true;
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_open {
            queue!(self.out, EndSynchronizedUpdate)?;
            self.is_open = false;
        }
        self.out.flush()
    }
}

/// Gives a text to the terminal's clipboard; whether it takes it, it does not say.
pub(crate) fn copy(text: &str) -> Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)).context("cannot write to the terminal")
}

/// What is typed, read by a thread of its own; it ends with the program.
pub(crate) fn inputs() -> impl Stream<Item = Event> + Unpin {
    let (sender, receiver) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if sender.blocking_send(event).is_err() {
                break;
            }
        }
    });
    Box::pin(stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))))
}

/// Waits for a signal that ends the program.
pub(crate) fn stop() -> Result<impl Future<Output = Stop>> {
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let waits = kinds.map(|kind| Ok::<_, io::Error>((signal(kind)?, kind)));
    let mut waiting = Vec::with_capacity(kinds.len());
    for wait in waits {
        let (mut signal, kind) = wait.context("cannot listen to signals")?;
        waiting.push(Box::pin(async move {
            signal.recv().await;
            Stop::Signal(u8::try_from(kind.as_raw_value()).unwrap_or(0))
        }));
    }
    Ok(async move { futures_util::future::select_all(waiting).await.0 })
}

/// Bytes of a frame that are written at once.
const BUFFER: usize = 64 << 10;
/// Inputs that wait while others are looked at.
const WAITING: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flushed_together_is_one_update() {
        let mut frames = Frames::new(Vec::new());
        for piece in ["a", "b"] {
            frames.write_all(piece.as_bytes()).unwrap();
        }
        frames.flush().unwrap();
        frames.flush().unwrap();
        frames.write_all(b"c").unwrap();
        frames.flush().unwrap();
        let text = String::from_utf8(frames.out).unwrap();
        assert_eq!(text, "\x1b[?2026hab\x1b[?2026l\x1b[?2026hc\x1b[?2026l");
    }
}
