//! What is copied: the row that keys act on, or its details.

use super::App;
use crate::tui::msg::Effect;
use crate::tui::views;

impl App {
    pub(super) fn copy(&mut self) -> Vec<Effect> {
        let Some(copied) = views::copied(self) else {
            self.say(String::from("there is no row to be copied"));
            return Vec::new();
        };
        let part = start(&copied).to_owned();
        self.say(if part.len() < copied.len() {
            format!("the first {} of {} bytes copied", part.len(), copied.len())
        } else {
            format!("{} bytes copied", part.len())
        });
        vec![Effect::Copy(part)]
    }
}

/// As much as every terminal takes.
fn start(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MOST)).unwrap_or(text)
}

/// xterm takes 100,000 characters with the encoding, tmux a megabyte, others less than they say.
const MOST: usize = 48 << 10;
