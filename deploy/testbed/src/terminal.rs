//! A program on a pseudo-terminal, and what its screen shows.

mod child;

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

/// A program whose standard streams are a terminal of its own, as in a window.
///
/// Nothing is read but while something is waited for: a program that writes more than the kernel buffers stands still
/// meanwhile. Dropping it kills the program.
pub struct Terminal {
    master: OwnedFd,
    child: Child,
    parser: vt100::Parser<Frames>,
    /// Bytes that the program wrote so far.
    written: u64,
    /// Nobody writes any more.
    over: bool,
}

/// Synchronized updates that came to their end.
struct Frames(u64);

impl vt100::Callbacks for Frames {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        mark: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        command: char,
    ) {
        if (mark, command) == (Some(b'?'), 'l') && parameters.contains(&&[SYNCHRONIZED][..]) {
            self.0 = self.0.saturating_add(1);
        }
    }
}

/// Rows and columns of a terminal.
pub(crate) type Size = (u16, u16);

impl Terminal {
    /// Starts `command` on a terminal of `size`; its standard streams are replaced, and `TERM` says what it is unless
    /// the command does.
    pub fn start(command: &mut Command, size: Size) -> Result<Self> {
        let (master, ours) = child::open(winsize(size)).context("cannot open a pseudo-terminal")?;
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child = child::spawn(command, &ours);
        let child = child.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let parser = vt100::Parser::new_with_callbacks(size.0, size.1, 0, Frames(0));
        Ok(Self { master, child, parser, written: 0, over: false })
    }

    /// What is on the screen.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The screen's text, line by line, without blanks at their ends.
    pub fn text(&self) -> String {
        let lines = self.screen().rows(0, self.screen().size().1);
        lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// Bytes that the program wrote so far, as far as they were read.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Frames that the program wrote so far, as far as they were read: it says itself where one ends.
    pub fn frames(&self) -> u64 {
        self.parser.callbacks().0
    }

    /// Reads until another frame is there; false if none comes within `patience`.
    pub fn next_frame(&mut self, patience: Duration) -> Result<bool> {
        let (before, deadline) = (self.frames(), Instant::now() + patience);
        while self.frames() == before {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.over || left.is_zero() {
                return Ok(false);
            }
            self.wait(PollFlags::IN, left)?;
            self.read()?;
        }
        Ok(true)
    }

    /// The program's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types `keys`, while what the program writes is read.
    pub fn send(&mut self, keys: &[u8]) -> Result<()> {
        let mut left = keys;
        let deadline = Instant::now() + PATIENCE;
        while !left.is_empty() {
            match rustix::io::write(&self.master, left) {
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() < deadline => {
                    self.wait(PollFlags::IN | PollFlags::OUT, STEP)?;
                    self.read()?;
                }
                Err(Errno::AGAIN) => bail!("the program does not read what is typed"),
                Err(error) => return Err(error).context("cannot type"),
            }
        }
        Ok(())
    }

    /// Changes the size of the window.
    pub fn resize(&mut self, size: Size) -> Result<()> {
        self.parser.screen_mut().set_size(size.0, size.1);
        tcsetwinsize(&self.master, winsize(size)).context("cannot change the size of the terminal")
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no such process")?;
        kill_process(pid, signal).context("cannot signal the program")
    }

    /// Reads until the screen is as `is_there` wants it.
    ///
    /// # Errors
    /// After `patience`, or when the program ended before; with the screen as it was then.
    pub fn wait_for(
        &mut self,
        what: &str,
        patience: Duration,
        is_there: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            if is_there(self.screen()) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.over || left.is_zero() {
                let why = if self.over { "the program ended" } else { "in vain" };
                bail!("waited for {what}: {why}; the screen:\n{}", self.text());
            }
            self.wait(PollFlags::IN, left.min(STEP))?;
            self.read()?;
        }
    }

    /// The same for a text that is to stand somewhere.
    pub fn wait_for_text(&mut self, text: &str, patience: Duration) -> Result<()> {
        self.wait_for(&format!("`{text}`"), patience, |screen| screen.contents().contains(text))
    }

    /// Reads until the program has ended, and says how.
    pub fn wait_for_end(&mut self, patience: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().context("cannot wait for the program")? {
                self.read()?;
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("the program does not end; the screen:\n{}", self.text());
            }
            self.wait(PollFlags::IN, STEP)?;
            self.read()?;
        }
    }

    /// Whether the terminal hands over line by line and echoes, as a shell left it.
    pub fn is_restored(&self) -> Result<bool> {
        use rustix::termios::LocalModes;
        let modes = tcgetattr(&self.master).context("cannot read the terminal's modes")?.local_modes;
        let screen = self.screen();
        Ok(modes.contains(LocalModes::ICANON | LocalModes::ECHO)
            && !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste())
    }

    /// Waits until the terminal is ready; nothing comes of it when it takes longer than `patience`.
    fn wait(&self, flags: PollFlags, patience: Duration) -> Result<()> {
        if self.over {
            std::thread::sleep(patience);
            return Ok(());
        }
        let timeout = Timespec::try_from(patience).context("too long a time")?;
        match poll(&mut [PollFd::new(&self.master, flags)], Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("cannot wait for the terminal"),
        }
    }

    /// Takes in what was written, as far as it is there.
    fn read(&mut self) -> Result<()> {
        let mut buffer = [0; 1 << 14];
        loop {
            match rustix::io::read(&self.master, &mut buffer[..]) {
                // linux: drivers/tty/pty.c, EIO when no program has the other end open any more
                Ok(0) | Err(Errno::IO) => {
                    self.over = true;
                    return Ok(());
                }
                Ok(count) => {
                    self.written = self.written.saturating_add(count as u64);
                    self.parser.process(buffer.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot read from the terminal"),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Terminal")
            .field("pid", &self.pid())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

fn winsize((rows, columns): Size) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// The private mode within which a terminal shows nothing half done.
const SYNCHRONIZED: u16 = 2026;
/// Longest time between two looks at what is waited for.
const STEP: Duration = Duration::from_millis(20);
/// For a program that does not read what is typed.
const PATIENCE: Duration = Duration::from_secs(10);
