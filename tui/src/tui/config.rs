//! What a person sets once: theme and keys, from the configuration file.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::keys::Keymap;
use super::theme::Shade;

/// What the configuration file says of the TUI.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Config {
    /// Dark unless said otherwise.
    pub(crate) theme: Option<Shade>,
    /// Keys by the name of their action.
    #[serde(default)]
    keys: BTreeMap<String, Keys>,
}

impl Config {
    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // the parser's message has line, column and a caret
        toml::from_str(text).context("not a configuration")
    }

    /// The keys that are in force with it.
    pub(crate) fn keymap(&self) -> Result<Keymap> {
        let keys = self.keys.iter().map(|(name, keys)| (name.clone(), keys.list())).collect();
        Ok(Keymap::new(&keys)?)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Many(Vec<String>),
}

impl Keys {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(key) => vec![key.clone()],
            Self::Many(keys) => keys.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theme_and_keys_are_read() {
        let config = Config::parse("theme = \"light\"\n[keys]\nquit = [\"Q\"]\npause = \"space\"").unwrap();
        assert_eq!(config.theme, Some(Shade::Light));
        let keymap = config.keymap().unwrap();
        let keys = |name: &str| {
            let (_, keys) = keymap.bound().find(|(binding, _)| binding.name == name).unwrap();
            keys.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(keys("quit"), ["Q"]);
        assert_eq!(keys("pause"), ["space"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        let error = format!("{:#}", Config::parse("theme = \"dark\"\ncolour = 1").unwrap_err());
        assert!(error.contains("line 2") && error.contains("colour"), "{error}");
        let error = format!("{:#}", Config::parse("theme = \"blue\"").unwrap_err());
        assert!(error.contains("blue") && error.contains("dark"), "{error}");
    }
}
