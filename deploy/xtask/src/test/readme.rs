//! `cargo xtask test readme`: what the documents show is what there is.
//!
//! Of an indented block, lines that begin with `$ ` are commands, and the others what they print: each is run, in the
//! order of the document, and has to print that. A line `...` stands for any lines. In sessions with a lab, which are
//! another's each time, what differs each time is compared by its shape ([`mask`]). Every other command line of our
//! programs is parsed by the program that it names.

mod document;
mod mask;
mod parse;
mod stage;

use anyhow::{Context as _, Result, bail};

use self::document::{Document, Session};
use self::stage::Stage;
use crate::programs::Tests;

/// Documents with command lines.
const DOCUMENTS: [&str; 3] = ["README.md", "CONTRIBUTING.md", "captures/README.md"];

/// Runs the sessions and parses the command lines of all documents.
///
/// # Errors
/// When one of them is not as there: after all of them were looked at.
pub(crate) fn run() -> Result<()> {
    let programs = Tests::build()?.programs;
    let is_root = rustix::process::geteuid().is_root();
    let (mut faults, mut ran, mut parsed, mut left_out) = (Vec::new(), 0_usize, 0_usize, 0_usize);
    for name in DOCUMENTS {
        let document = Document::read(name).with_context(|| format!("cannot read {name}"))?;
        for line in &document.command_lines {
            parsed += 1;
            if let Err(error) = parse::check(&line.text, &programs) {
                faults.push(format!("{name}:{}: `{}`: {error:#}", line.number, line.text));
            }
        }
        let stage = Stage::set(&programs)?;
        for session in &document.sessions {
            if session.has_lab() && !is_root {
                left_out += session.commands.len();
                continue;
            }
            ran += session.commands.len();
            faults.extend(play(session, &stage)?.into_iter().map(|fault| format!("{name}:{fault}")));
        }
    }
    if left_out > 0 {
        println!("readme: {left_out} commands with a lab were left out: they need root");
    }
    println!("readme: {ran} commands ran, {parsed} command lines were parsed, {} are wrong", faults.len());
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What of a session is not as it is shown.
fn play(session: &Session, stage: &Stage) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for shown in &session.commands {
        println!("    $ {}", shown.command);
        let printed = stage.run(&shown.command)?;
        let said: Vec<&str> = printed.lines().collect();
        let is_same = if session.has_lab() {
            let masked = |lines: Vec<String>| lines.iter().map(|line| mask::line(line)).collect::<Vec<_>>();
            let here = masked(said.iter().map(ToString::to_string).collect());
            let expected = masked(shown.output.clone());
            matches(&expected, &here.iter().map(String::as_str).collect::<Vec<_>>())
        } else {
            matches(&shown.output, &said)
        };
        if !is_same {
            let expected = shown.output.join("\n  ");
            let (number, command) = (shown.number, &shown.command);
            faults
                .push(format!("{number}: $ {command}\nshown:\n  {expected}\nhere:\n  {}", said.join("\n  ")));
        }
    }
    Ok(faults)
}

/// Whether lines are those expected, where `...` stands for any.
fn matches(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=lines.len()).any(|skipped| lines.get(skipped..).is_some_and(|left| matches(rest, left)))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, left)| line.trim_end() == first.trim_end() && matches(rest, left)),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn an_ellipsis_stands_for_any_lines_and_nothing_else_does() {
        let expected = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(matches(&expected(&["a", "...", "d"]), &["a", "b", "c", "d"]));
        assert!(matches(&expected(&["a", "..."]), &["a"]));
        assert!(!matches(&expected(&["a", "..."]), &["b"]));
        assert!(!matches(&expected(&["a"]), &["a", "b"]));
    }
}
