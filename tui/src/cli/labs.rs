//! `--lab NAME`, for `--lab=NAME`: behind a space the name would be a word of the filter.

use std::ffi::OsString;

use wgtrace_api::filter::{Fault, Filter};

/// The command line, with the name of a lab that runs joined to its flag.
///
/// A word that the filter language knows stays one. Commands without a filter have no other use for the word.
pub(crate) fn joined(
    arguments: impl IntoIterator<Item = OsString>,
    runs: impl Fn(&str) -> bool,
) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let command = joined.get(1).and_then(|command| command.to_str()).unwrap_or_default();
        let is_open = command != "lab" && !joined.iter().any(|argument| argument == "--");
        let is_name = argument.to_str().is_some_and(|name| match command {
            "status" | "peers" => !name.starts_with('-'),
            _ => runs(name) && !is_word(name),
        });
        match joined.last_mut().filter(|last| is_open && is_name && last.as_os_str() == FLAG) {
            Some(flag) => {
                flag.push("=");
                flag.push(argument);
            }
            None => joined.push(argument),
        }
    }
    joined
}

fn is_word(name: &str) -> bool {
    !matches!(name.parse::<Filter>(), Err(error) if matches!(error.fault, Fault::NoSuchWord(..)))
}

const FLAG: &str = "--lab";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> String {
        let words = joined(line.split(' ').map(OsString::from), |name| name == "mine" || name == "drop");
        words.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn a_lab_that_runs_is_taken_by_its_name_behind_a_space() {
        for (typed, taken) in [
            ("wgtrace observe --lab mine -f tcp", "wgtrace observe --lab=mine -f tcp"),
            ("wgtrace observe -f --lab", "wgtrace observe -f --lab"),
            ("wgtrace observe --lab other", "wgtrace observe --lab other"),
            ("wgtrace observe --lab drop", "wgtrace observe --lab drop"),
            ("wgtrace observe --lab pod mine", "wgtrace observe --lab pod mine"),
            ("wgtrace observe -- --lab mine", "wgtrace observe -- --lab mine"),
            ("wgtrace status --lab other --json", "wgtrace status --lab=other --json"),
            ("wgtrace status --lab --json", "wgtrace status --lab --json"),
            ("wgtrace lab exec net --lab mine", "wgtrace lab exec net --lab mine"),
        ] {
            assert_eq!(line(typed), taken);
        }
    }
}
