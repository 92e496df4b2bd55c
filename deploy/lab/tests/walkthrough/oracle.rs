//! What stock tools print, made comparable.

use wgtrace_lab::walkthrough::mask::{Mask, Masker};

/// Lines without blanks at either end.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The same with everything masked that two readings may differ in.
pub(crate) fn masked(text: &str, masks: &[Mask]) -> Vec<String> {
    lines(&Masker::default().apply(text, masks))
}

/// Whether some words come in a text in their order, others between them.
#[track_caller]
pub(crate) fn comes_in(words: &str, text: &str) {
    let mut of_text = text.split_whitespace();
    for word in words.split_whitespace() {
        assert!(
            of_text.any(|other| other == word),
            "`{word}` of `{words}` is not where it should be in: {text}"
        );
    }
}
