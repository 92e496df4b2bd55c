//! The keys that are in force: the table's, and those that a configuration puts in their place.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Action, Binding, Chord, Place, TABLE};

/// Which key does what, where.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    /// In the order of the table.
    bound: Vec<(&'static Binding, Vec<Chord>)>,
}

impl Keymap {
    /// The table, with the keys of the actions named replaced.
    pub(crate) fn new(rebound: &BTreeMap<String, Vec<String>>) -> Result<Self, KeyError> {
        if let Some(name) = rebound.keys().find(|name| TABLE.iter().all(|binding| binding.name != **name)) {
            return Err(KeyError::Action { name: name.clone() });
        }
        let mut bound = Vec::with_capacity(TABLE.len());
        for binding in TABLE {
            let written: Vec<&str> = match rebound.get(binding.name) {
                Some(keys) => keys.iter().map(String::as_str).collect(),
                None => binding.keys.to_vec(),
            };
            let mut chords = Vec::with_capacity(written.len());
            for key in written {
                let chord: Chord =
                    key.parse().map_err(|_| KeyError::Key { action: binding.name, key: key.to_owned() })?;
                if chord == Chord::interrupt() && binding.action != Action::Quit {
                    return Err(KeyError::Interrupt { action: binding.name });
                }
                chords.push(chord);
            }
            bound.push((binding, chords));
        }
        let keymap = Self { bound };
        keymap.check()?;
        Ok(keymap)
    }

    /// What the key does there.
    pub(crate) fn action(&self, place: Place, chord: Chord) -> Option<Action> {
        if chord == Chord::interrupt() {
            return Some(Action::Quit);
        }
        if place == Place::FilterLine && chord.character().is_some() {
            return None;
        }
        let here = self.bound.iter().filter(|(binding, _)| binding.places.has(place));
        here.into_iter().find(|(_, chords)| chords.contains(&chord)).map(|(binding, _)| binding.action)
    }

    /// Every action with its keys, in the order of the table.
    pub(crate) fn bound(&self) -> impl Iterator<Item = (&'static Binding, &[Chord])> {
        self.bound.iter().map(|(binding, chords)| (*binding, chords.as_slice()))
    }

    /// No key may do two things at one place.
    fn check(&self) -> Result<(), KeyError> {
        for place in Place::ALL {
            let mut taken: Vec<(Chord, &'static str)> = Vec::new();
            for (binding, chords) in self.bound.iter().filter(|(binding, _)| binding.places.has(place)) {
                for chord in chords {
                    if place == Place::FilterLine && chord.character().is_some() {
                        continue;
                    }
                    match taken.iter().find(|(other, _)| other == chord) {
                        Some((_, first)) if *first != binding.name => {
                            let (key, second) = (chord.to_string(), binding.name);
                            return Err(KeyError::Clash { key, first, second, place: place.name() });
                        }
                        Some(_) => {}
                        None => taken.push((*chord, binding.name)),
                    }
                }
            }
        }
        Ok(())
    }
}

/// Why keys cannot be bound as they are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum KeyError {
    /// Nothing is called so.
    #[error("[keys] {name}: there is no such action; `wgtrace tui --list-keys` names them all")]
    Action { name: String },
    /// No key is called so.
    #[error(
        "[keys] {action}: there is no key {key:?}; keys are written q, G, f1, ctrl-d, alt-x, shift-tab, space, enter, pgdn"
    )]
    Key { action: &'static str, key: String },
    /// Two actions of one place.
    #[error("[keys] {key} is both {first} and {second} in the {place}: give one of them another key")]
    Clash { key: String, first: &'static str, second: &'static str, place: &'static str },
    /// The way out has to stay.
    #[error("[keys] {action}: ctrl-c always quits and cannot be bound to anything else")]
    Interrupt { action: &'static str },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebound(lines: &[(&str, &[&str])]) -> Result<Keymap, KeyError> {
        let lines = lines.iter().map(|(name, keys)| {
            ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
        });
        Keymap::new(&lines.collect())
    }

    fn action(keymap: &Keymap, place: Place, key: &str) -> Option<Action> {
        keymap.action(place, key.parse().unwrap())
    }

    #[test]
    fn the_table_has_no_clash_and_names_each_action_once() {
        let keymap = rebound(&[]).unwrap();
        assert_eq!(action(&keymap, Place::Flows, "q"), Some(Action::Quit));
        let mut names: Vec<_> = TABLE.iter().map(|binding| binding.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(TABLE.iter().all(|binding| !binding.keys.is_empty() && !binding.help.is_empty()));
    }

    #[test]
    fn characters_are_text_in_the_filter_line_and_ctrl_c_still_quits() {
        let keymap = rebound(&[("quit", &["x"]), ("clear-filter", &["ctrl-x"])]).unwrap();
        assert_eq!(action(&keymap, Place::FilterLine, "x"), None);
        assert_eq!(action(&keymap, Place::FilterLine, "ctrl-c"), Some(Action::Quit));
        assert_eq!(action(&keymap, Place::Flows, "x"), Some(Action::Quit));
        assert_eq!(action(&keymap, Place::Flows, "q"), None);
    }

    #[test]
    fn what_cannot_be_bound_is_said() {
        let error = |lines: &[(&str, &[&str])]| rebound(lines).unwrap_err().to_string();
        assert!(error(&[("quitt", &["q"])]).contains("quitt: there is no such action"));
        assert!(error(&[("quit", &["ctrl-"])]).contains("there is no key \"ctrl-\""));
        assert!(error(&[("pause", &["q"])]).contains("q is both quit and pause in the flows"));
        assert!(error(&[("pause", &["ctrl-c"])]).contains("ctrl-c always quits"));
    }
}
