//! Text from elsewhere, made fit for cells: nothing in it speaks to the terminal, and its width is what is drawn.

mod short;

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub(crate) use self::short::{CellText, Short};

/// The text with a mark in the place of each control character, and without what takes no column:
/// combining marks, joiners, marks of direction.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| (0x20..0x7f).contains(&byte);
    if text.bytes().all(is_plain)
        || text.chars().all(|character| character.width().is_some_and(|width| width > 0))
    {
        return Cow::Borrowed(text);
    }
    let shown = |character: char| match character.width() {
        Some(0) => None,
        Some(_) => Some(character),
        None => Some(REPLACEMENT),
    };
    Cow::Owned(text.chars().filter_map(shown).collect())
}

/// Columns that a clean text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, cleaned, in at most so many columns; what is cut off is told by a mark at the end.
pub(crate) fn fit(text: &str, columns: usize) -> CellText<'_> {
    let text = clean(text);
    if width(&text) <= columns {
        return text.into();
    }
    let mut cut = Short::from(prefix(&text, columns.saturating_sub(1)));
    if columns > 0 {
        cut.push_str(ELLIPSIS);
    }
    cut.into()
}

/// As [`fit`], but the end of the text is kept.
pub(crate) fn fit_end(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    let mut over = width(&text).saturating_sub(columns);
    if over == 0 {
        return text;
    }
    over += 1;
    let mut rest = text.chars();
    while over > 0 {
        let Some(first) = rest.next() else { break };
        over = over.saturating_sub(first.width().unwrap_or(0));
    }
    let mark = if columns > 0 { ELLIPSIS } else { "" };
    Cow::Owned(format!("{mark}{}", rest.as_str()))
}

/// As much of a clean text as goes into so many columns.
pub(crate) fn prefix(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, character) in text.char_indices() {
        taken += character.width().unwrap_or(0);
        if taken > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

const REPLACEMENT: char = '\u{fffd}';
const ELLIPSIS: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hostile_name_reaches_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(clean("z\u{300}\u{301}\u{302}a\u{202e}b\u{200b}"), "zab");
        assert!(matches!(clean("plain-name/1"), Cow::Borrowed(_)));
    }

    #[test]
    fn wide_characters_are_measured_and_never_cut_in_half() {
        assert_eq!(width("漢字"), 4);
        assert_eq!(&*fit("漢字漢字", 5), "漢字…");
        assert_eq!(&*fit("漢字漢字", 4), "漢…");
        assert_eq!(&*fit("abc", 3), "abc");
        assert_eq!(&*fit("abcd", 0), "");
        assert_eq!(fit_end("/run/wgtrace/a.sock", 8), "…/a.sock");
        assert_eq!(fit_end("漢字漢字", 4), "…字");
    }
}
