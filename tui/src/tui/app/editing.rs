//! What happens in the line that a filter is typed into.

use super::act::names;
use super::{App, Editor};
use crate::tui::keys::Edit;
use crate::tui::msg::Effect;

impl App {
    /// What is in the line is looked at, and in force as soon as it makes sense.
    pub(super) fn edited(&mut self) {
        let Some(mut editor) = self.editor.take() else { return };
        if editor.parse(|key| names(&self.live, key)).is_some() {
            self.put_filter(editor.text());
        }
        self.editor = Some(editor);
    }

    pub(super) fn accept(&mut self) -> Vec<Effect> {
        let Some(editor) = &self.editor else { return Vec::new() };
        if editor.error.is_some() {
            return Vec::new();
        }
        let text = editor.text().trim().to_owned();
        self.editor = None;
        self.put_filter(&text);
        if !text.is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
        }
        vec![Effect::Filter(text)]
    }

    pub(super) fn paste(&mut self, text: &str) {
        let Some(editor) = &mut self.editor else {
            self.say(String::from("pasted text is taken by the filter line only: open it first"));
            return;
        };
        if editor.insert_all(text) {
            self.edited();
        } else {
            self.say(format!(
                "{} bytes pasted and not taken: a filter has at most {} characters",
                text.len(),
                Editor::MOST
            ));
        }
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let Some(editor) = &mut self.editor else { return };
        let cursor = editor.cursor();
        match edit {
            Edit::Cancel => {
                let before = std::mem::take(&mut editor.before);
                self.editor = None;
                self.put_filter(&before);
                return;
            }
            Edit::Complete => {
                editor.complete();
            }
            Edit::Earlier => self.recall(1),
            Edit::Later => self.recall(-1),
            Edit::Left => editor.go(cursor.saturating_sub(1)),
            Edit::Right => editor.go(cursor.saturating_add(1)),
            Edit::Start => editor.go(0),
            Edit::End => editor.go(usize::MAX),
            Edit::DeleteBack => editor.delete_from(cursor.saturating_sub(1)),
            Edit::DeleteHere => editor.delete_here(),
            Edit::DeleteWord => editor.delete_from(editor.word()),
            Edit::DeleteAll => editor.delete_from(0),
        }
        self.edited();
    }

    /// A filter of before takes the place of what is typed; behind the newest is what was typed.
    fn recall(&mut self, by: isize) {
        let Some(editor) = &mut self.editor else { return };
        if editor.back == 0 {
            editor.typed = editor.text().to_owned();
        }
        let back = editor.back.saturating_add_signed(by).min(self.history.len());
        editor.back = back;
        let text = match back {
            0 => Some(editor.typed.clone()),
            _ => self.history.len().checked_sub(back).and_then(|at| self.history.get(at).cloned()),
        };
        if let Some(text) = text {
            editor.replace(&text);
        }
    }
}
