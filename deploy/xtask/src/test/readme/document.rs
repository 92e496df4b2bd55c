//! What a document shows.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Its sessions, and command lines of our programs that nobody runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) sessions: Vec<Session>,
    pub(super) command_lines: Vec<CommandLine>,
}

/// Commands of one block, each with what it prints.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) commands: Vec<Shown>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Of its line.
    pub(super) number: usize,
    pub(super) command: String,
    pub(super) output: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub(super) number: usize,
    pub(super) text: String,
}

impl Session {
    /// Whether it is about a lab, which is root's and another one each time.
    pub(super) fn has_lab(&self) -> bool {
        self.commands.iter().any(|shown| {
            ["cargo lab", "wgtrace lab", "--lab"].iter().any(|word| shown.command.contains(word))
        })
    }
}

impl Document {
    /// That of the workspace.
    pub(super) fn read(name: &str) -> Result<Self> {
        Ok(Self::of(&fs::read_to_string(Path::new(super::stage::WORKSPACE).join(name))?))
    }

    fn of(text: &str) -> Self {
        let mut document = Self::default();
        let mut block = Vec::new();
        for (number, line) in (1..).zip(text.lines().chain([""])) {
            match line.strip_prefix(INDENT) {
                Some(inside) => block.push((number, inside)),
                None => document.add(&std::mem::take(&mut block)),
            }
        }
        document
    }

    fn add(&mut self, block: &[(usize, &str)]) {
        let mut session = Session::default();
        for &(number, line) in block {
            let line = line.trim_end();
            if let Some(command) = line.strip_prefix("$ ") {
                let shown = Shown { number, command: command.to_owned(), output: Vec::new() };
                session.commands.push(shown);
            } else if let Some(shown) = session.commands.last_mut() {
                match shown.command.strip_suffix('\\') {
                    Some(first) if shown.output.is_empty() => {
                        shown.command = format!("{first}{}", line.trim());
                    }
                    _ => shown.output.push(line.to_owned()),
                }
            } else {
                let text = without_comment(line).to_owned();
                self.command_lines.push(CommandLine { number, text });
            }
        }
        if !session.commands.is_empty() {
            self.sessions.push(session);
        }
    }
}

/// What stands behind blanks and a `#`.
fn without_comment(line: &str) -> &str {
    line.split_once("  #").map_or(line, |(command, _)| command).trim()
}

const INDENT: &str = "    ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_told_from_command_lines_and_from_text() {
        let text = "# A title\n\n    wgtrace status --wait     # in words\n    wgtrace peers\n\nand\n\n    \
            $ wgtrace a \\\n        | jq .\n    one\n      two\n    $ cargo lab down\n\ntext\n";
        let document = Document::of(text);
        let lines: Vec<_> =
            document.command_lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(lines, [(3, "wgtrace status --wait"), (4, "wgtrace peers")]);
        let [session] = document.sessions.as_slice() else { panic!("{document:?}") };
        let shown: Vec<_> = session
            .commands
            .iter()
            .map(|of| (of.number, of.command.as_str(), of.output.as_slice()))
            .collect();
        assert_eq!(
            shown,
            [
                (8, "wgtrace a | jq .", &["one".to_owned(), "  two".to_owned()][..]),
                (12, "cargo lab down", &[][..])
            ]
        );
        assert!(session.has_lab());
    }
}
