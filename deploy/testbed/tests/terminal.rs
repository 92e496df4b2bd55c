//! Programs on a pseudo-terminal: `sh` is everywhere.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use wgtrace_testbed::Terminal;

const PATIENCE: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Result<Terminal> {
    Terminal::start(Command::new("sh").args(["-c", script]), (24, 80))
}

#[test]
fn a_program_reads_what_is_typed_and_is_seen_on_the_screen() -> Result<()> {
    let mut terminal = shell("echo ready; read line; printf '\\033[5;3Hgot %s' \"$line\"; read line")?;
    terminal.wait_for_text("ready", PATIENCE)?;
    terminal.send(b"hello\r")?;
    terminal.wait_for("the answer in its place", PATIENCE, |screen| {
        screen.rows(0, 80).nth(4).is_some_and(|row| row.trim_end() == "  got hello")
    })?;
    assert!(terminal.written() > 0);
    terminal.send(b"\r")?;
    assert!(terminal.wait_for_end(PATIENCE)?.success());
    Ok(())
}

#[test]
fn it_is_the_terminal_that_the_program_is_controlled_by() -> Result<()> {
    let mut terminal = shell("trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 1; done")?;
    terminal.wait_for_text("ready", PATIENCE)?;
    terminal.send(b"\x03")?;
    assert_eq!(terminal.wait_for_end(PATIENCE)?.code(), Some(3));
    assert!(terminal.text().contains("interrupted"), "{}", terminal.text());
    Ok(())
}

#[test]
fn a_new_size_is_told_and_the_modes_are_seen() -> Result<()> {
    let script = "trap 'stty size; printf \"\\033[?1049h\"; stty raw -echo; printf raw' WINCH; echo ready; while :; do sleep 0.05; done";
    let mut terminal = shell(script)?;
    terminal.wait_for_text("ready", PATIENCE)?;
    assert!(terminal.is_restored()?);
    terminal.resize((50, 132))?;
    terminal.wait_for_text("raw", PATIENCE)?;
    assert!(!terminal.is_restored()?);
    terminal.signal(Signal::KILL)?;
    assert!(!terminal.wait_for_end(PATIENCE)?.success());
    Ok(())
}

#[test]
fn what_never_comes_is_told_with_the_screen() -> Result<()> {
    let mut terminal = shell("echo something else; read line")?;
    terminal.wait_for_text("something else", PATIENCE)?;
    let error = terminal.wait_for_text("this", Duration::from_millis(100)).unwrap_err().to_string();
    assert!(error.contains("in vain") && error.contains("something else"), "{error}");
    terminal.send(b"\r")?;
    let error = terminal.wait_for_text("this", PATIENCE).unwrap_err().to_string();
    assert!(error.contains("the program ended"), "{error}");
    Ok(())
}
