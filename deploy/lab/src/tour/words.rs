//! What is said at each step.

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The words of all steps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllWords {
    step: Vec<Words>,
}

/// Those of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    name: String,
    /// Where its command runs.
    pub(super) place: String,
    /// What to look at in what it printed.
    pub(super) look: Vec<String>,
    /// Why that is so.
    pub(super) why: Vec<String>,
}

impl AllWords {
    /// The committed ones.
    pub(super) fn committed() -> Result<Self> {
        toml::from_str(WORDS).context("the tour's committed words")
    }

    /// Those of the step of this name.
    pub(super) fn of(&self, step: &str) -> Result<&Words> {
        let words = self.step.iter().find(|words| words.name == step);
        words.with_context(|| format!("the tour has no words for the step `{step}`"))
    }
}

const WORDS: &str = include_str!("../../walkthrough/tour.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walkthrough::STEPS;

    #[test]
    fn every_step_has_its_words_in_the_steps_order() {
        let all = AllWords::committed().unwrap();
        let names: Vec<&str> = all.step.iter().map(|words| words.name.as_str()).collect();
        assert_eq!(names, STEPS.map(|step| step.name));
        for words in &all.step {
            assert!(!words.place.is_empty() && !words.look.is_empty() && !words.why.is_empty(), "{words:?}");
            let texts = words.look.iter().chain(&words.why);
            assert!(texts.into_iter().all(|text| text.len() > 20 && text.ends_with('.')), "{words:?}");
        }
    }
}
