//! The configuration file: `$XDG_CONFIG_HOME/wgtrace/config.toml`, or what `WGTRACE_CONFIG` names.
//!
//! The environment goes before it, and the command line before both.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;

/// What can be configured. A word that means nothing is an error that names its line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// Sockets of the daemons that are asked.
    pub(crate) servers: Vec<PathBuf>,
    /// Of the TUI.
    pub(crate) theme: Option<String>,
    /// Of the TUI: what is done, and the keys that do it.
    pub(crate) keys: BTreeMap<String, Keys>,
}

/// One key or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a key such as \"q\", or several in brackets")]
pub(crate) enum Keys {
    /// `quit = "q"`
    One(String),
    /// `quit = ["q", "ctrl-c"]`
    Several(Vec<String>),
}

impl Config {
    /// What the file says; a file that nobody named need not be there.
    pub(crate) fn load() -> Result<Self> {
        if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Self::read(Path::new(&path))
                .with_context(|| format!("{VARIABLE} names no configuration"));
        }
        let Some(path) = usual() else { return Ok(Self::default()) };
        match Self::read(&path) {
            Err(error) if is_missing(&error) => Ok(Self::default()),
            read => read,
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            anyhow!("line {line}: {}", error.message().replace('\n', ", "))
        })
    }
}

fn usual() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("wgtrace/config.toml"))
}

fn is_missing(error: &anyhow::Error) -> bool {
    let missing =
        |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    error.downcast_ref::<std::io::Error>().is_some_and(missing)
}

const VARIABLE: &str = "WGTRACE_CONFIG";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_servers_theme_and_keys() {
        let config = Config::parse(
            "servers = ['/run/a.sock']\ntheme = 'light'\n[keys]\nquit = 'x'\npause = ['p', 'space']\n",
        );
        let config = config.unwrap();
        assert_eq!(config.servers, [Path::new("/run/a.sock")]);
        let several = Keys::Several(vec!["p".into(), "space".into()]);
        assert_eq!((&config.keys["quit"], &config.keys["pause"]), (&Keys::One("x".into()), &several));
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn what_means_nothing_is_told_with_its_line() {
        for (text, said) in [
            ("\nsever = ['a']", "line 2: unknown field `sever`, expected one of `servers`, `theme`, `keys`"),
            ("servers = 'a'", "line 1: invalid type: string \"a\", expected a sequence"),
            ("[keys]\n\nquit = 7", "line 3: expected a key such as \"q\", or several in brackets"),
            ("theme = ", "line 1: "),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
