//! Command lines, held against the programs that they name.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;

/// Has our programs among a line's commands parse it; other lines are nobody's.
pub(super) fn check(line: &str, programs: &Path) -> Result<()> {
    for command in line.split(['|', ';']).flat_map(|command| command.split("&&")) {
        let words = words(command)?;
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        // who runs it, and with what in its environment
        while words.first().is_some_and(|word| *word == "sudo" || is_assignment(word)) {
            words.remove(0);
        }
        match words.as_slice() {
            ["cargo", "xtask", rest @ ..] => parse::<crate::Cli>(rest)?,
            ["cargo" | "wgtrace", "lab", rest @ ..] | ["wgtrace-lab", rest @ ..] => {
                parse::<wgtrace_lab::cli::Cli>(rest)?;
            }
            ["wgtraced", rest @ ..] => parse::<wgtraced::cli::Cli>(rest)?,
            ["wgtrace", rest @ ..] => help(&programs.join("wgtrace"), rest)?,
            _ => {}
        }
    }
    Ok(())
}

fn parse<T: Parser>(words: &[&str]) -> Result<()> {
    let line = std::iter::once("program").chain(words.iter().copied());
    match T::try_parse_from(line) {
        Err(error) if error.use_stderr() => bail!("{}", first_line(&error.to_string())),
        _ => Ok(()),
    }
}

/// Has a program explain itself behind the words, which it reads before.
fn help(program: &Path, words: &[&str]) -> Result<()> {
    let output = Command::new(program).args(words).arg("--help").output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "{}", first_line(&String::from_utf8_lossy(&output.stderr)));
    Ok(())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
}

/// Words as a shell takes them, as far as quotes go; what is redirected is not the program's.
fn words(command: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut is_open) = (String::new(), None, false);
    for c in command.chars() {
        match (c, quote) {
            ('\'' | '"', None) => (quote, is_open) = (Some(c), true),
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => {
                if std::mem::take(&mut is_open) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, _) => {
                word.push(c);
                is_open = true;
            }
        }
    }
    ensure!(quote.is_none(), "a quotation mark is missing");
    if is_open {
        words.push(word);
    }
    let end = words.iter().position(|word| [">", ">>", "<", "2>", "&"].contains(&word.as_str()));
    words.truncate(end.unwrap_or(words.len()));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_does_not_exist_is_found_and_lines_of_others_are_let_be() {
        let nowhere = Path::new("/nonexistent");
        let check = |line: &str| check(line, nowhere).map_err(|error| error.to_string());
        assert_eq!(check("cargo lab up --keys session && WGTRACE_SKIP=vm cargo xtask test"), Ok(()));
        assert_eq!(check("wgtraced trace -i 'lxc*' -f 'udp port 53' | tshark -r -"), Ok(()));
        assert_eq!(check("ip route add --nonsense"), Ok(()));
        assert_eq!(
            check("cargo lab up --nonsense").unwrap_err(),
            "error: unexpected argument '--nonsense' found"
        );
        assert!(check("wgtraced trace -i 'lxc").is_err());
    }
}
