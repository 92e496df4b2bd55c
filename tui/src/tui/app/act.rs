//! What each action does.

use wgtrace_api::filter::Key;

use super::cursor::Step;
use super::flows::Column;
use super::rows::{drop_rows, interface_rows, ledger_rows, peer_rows};
use super::{App, Details, Editor, Held, Pane, View};
use crate::tui::keys::Action;
use crate::tui::model::Node;
use crate::tui::msg::Effect;

impl App {
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit => return vec![Effect::Quit],
            Action::Redraw => return vec![Effect::Redraw],
            Action::Accept => return self.accept(),
            Action::ClearFilter => {
                self.put_filter("");
                return vec![Effect::Filter(String::new())];
            }
            Action::Help => self.help = if self.help.is_some() { None } else { Some(0) },
            Action::Back => self.back(),
            Action::Pause => self.pause(),
            Action::Filter => {
                let mut editor = Editor::new(&self.filter_text);
                editor.parse(|key| names(self.live(), key));
                self.editor = Some(editor);
            }
            Action::Details => self.open(),
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(-1),
            Action::Zoom => {
                if let Some(details) = &mut self.details {
                    details.is_zoomed = !details.is_zoomed;
                    self.keep_in_sight();
                }
            }
            Action::NextView => self.go_to(self.view.next(1)),
            Action::PreviousView => self.go_to(self.view.next(View::ALL.len() - 1)),
            Action::View(number) => {
                if let Some(view) = View::ALL.get(usize::from(number)) {
                    self.go_to(*view);
                }
            }
            Action::Up => self.step(|_| Step::Up(1)),
            Action::Down => self.step(|_| Step::Down(1)),
            Action::PageUp => self.step(|height| Step::Up(height.max(1))),
            Action::PageDown => self.step(|height| Step::Down(height.max(1))),
            Action::HalfUp => self.step(|height| Step::Up((height / 2).max(1))),
            Action::HalfDown => self.step(|height| Step::Down((height / 2).max(1))),
            Action::Top => self.step(|_| Step::First),
            Action::Bottom => self.step(|_| Step::Last),
            Action::SortRight => self.sort(1),
            Action::SortLeft => self.sort(Column::ALL.len() - 1),
            Action::Reverse => {
                self.flows.sort = self.flows.sort.reversed();
                self.flows.unsettle();
            }
            Action::SortBy(column) => {
                self.flows.sort = self.flows.sort.turned_to(column);
                self.flows.unsettle();
            }
            Action::Copy => return self.copy(),
            Action::Group => self.flows.regroup(),
            Action::Follow => {
                let height = self.height();
                let model = self.held.as_ref().map_or(&self.live, |held| &held.model);
                self.packets.toggle(model, height);
            }
            Action::Edit(edit) => self.edit(edit),
        }
        Vec::new()
    }

    /// What is selected stays in sight when the screen changes.
    pub(super) fn keep_in_sight(&mut self) {
        let height = self.height();
        self.flows.cursor.keep_in_sight(self.flows.lines.len(), height);
        let rows = self.rows();
        if let Some(cursor) = self.cursors.get_mut(self.view.number()) {
            cursor.keep_in_sight(rows, height);
        }
    }

    /// Rows of the list that fit the screen.
    fn height(&self) -> usize {
        self.areas().map_or(0, |areas| areas.rows())
    }

    /// Rows of the view that is shown.
    pub(crate) fn rows(&self) -> usize {
        let model = self.shown();
        match self.view {
            View::Flows => self.flows.lines.len(),
            View::Packets => model.packets.rows(),
            View::Peers => peer_rows(model).count(),
            View::Interfaces => interface_rows(model).count(),
            View::Drops => drop_rows(model).len(),
            View::Ledger => ledger_rows(model).count(),
            View::Events => model.events.len(),
        }
    }

    fn step(&mut self, step: impl Fn(usize) -> Step) {
        if let Some(scroll) = &mut self.help {
            let height = usize::from(self.size.height.saturating_sub(3));
            *scroll = super::Cursor::stepped(*scroll, step(height), HELP);
            return;
        }
        let (height, rows) = (self.height(), self.rows());
        let model = self.held.as_ref().map_or(&self.live, |held| &held.model);
        if let Some(details) = &mut self.details {
            let scroll = match details.focus {
                Pane::List => None,
                Pane::Fields => Some(&mut details.fields),
                Pane::Bytes => Some(&mut details.bytes),
            };
            if let Some(scroll) = scroll {
                *scroll = super::Cursor::stepped(*scroll, step(height), PANE);
                return;
            }
            (details.fields, details.bytes) = (0, 0);
        }
        match self.view {
            View::Flows => self.flows.step(step(height), model, height),
            View::Packets => self.packets.step(step(height), model, height),
            View::Peers | View::Interfaces | View::Drops | View::Ledger | View::Events => {
                if let Some(cursor) = self.cursors.get_mut(self.view.number()) {
                    cursor.step(step(height), rows, height);
                }
            }
        }
    }

    fn go_to(&mut self, view: View) {
        self.view = view;
        self.details = None;
        self.flows.unsettle();
        self.keep_in_sight();
    }

    /// The next pane; where there is only one, the next view.
    fn turn(&mut self, by: isize) {
        let is_next = by > 0;
        let Some(details) = &mut self.details else {
            let by = if is_next { 1 } else { View::ALL.len() - 1 };
            return self.go_to(self.view.next(by));
        };
        let has_bytes = self.view == View::Packets;
        details.focus = match (details.focus, is_next) {
            (Pane::Fields, true) | (Pane::List, false) if has_bytes => Pane::Bytes,
            (Pane::List, _) | (Pane::Bytes, false) => Pane::Fields,
            (Pane::Fields | Pane::Bytes, true) | (Pane::Fields, false) => Pane::List,
        };
    }

    fn back(&mut self) {
        if self.help.take().is_some() {
            return;
        }
        match &mut self.details {
            Some(details) if details.is_zoomed => details.is_zoomed = false,
            Some(_) | None => self.details = None,
        }
        self.keep_in_sight();
    }

    fn open(&mut self) {
        if self.view == View::Flows && self.flows.toggle() {
            return;
        }
        if self.details.take().is_none() && self.view.has_details() && self.rows() > 0 {
            if self.view == View::Packets && self.packets.is_following {
                let height = self.height();
                let model = self.held.as_ref().map_or(&self.live, |held| &held.model);
                self.packets.toggle(model, height);
            }
            self.details = Some(Details::default());
        }
        self.keep_in_sight();
    }

    fn pause(&mut self) {
        self.held = match self.held.take() {
            Some(_) => None,
            None => Some(Held { model: self.live.clone(), news: self.news }),
        };
        self.flows.unsettle();
    }

    fn sort(&mut self, by: usize) {
        self.flows.sort = self.flows.sort.moved(by);
        self.flows.unsettle();
    }

    /// Makes this the filter in force, if it is one.
    pub(super) fn put_filter(&mut self, text: &str) {
        let Ok(filter) = text.parse() else { return };
        if filter == self.filter && text == self.filter_text {
            return;
        }
        text.clone_into(&mut self.filter_text);
        self.filter = filter;
        self.live.flows.hold_against(&self.filter);
        self.live.packets.hold_against(&self.filter);
        if let Some(Held { model, .. }) = &mut self.held {
            model.flows.hold_against(&self.filter);
            model.packets.hold_against(&self.filter);
        }
        self.flows.unsettle();
    }
}

/// Names that can be asked for.
pub(super) fn names(model: &crate::tui::model::Model, key: Key) -> Vec<String> {
    let nodes = model.nodes.shown().filter(|node| !node.is_socket());
    let mut names: Vec<String> = if key == Key::Node {
        let told = |node: &Node| {
            let entries = node.roster.iter().filter(|entry| entry.refused.is_empty());
            entries.map(|entry| entry.name.clone()).chain([node.name.clone()]).collect::<Vec<_>>()
        };
        nodes.flat_map(told).collect()
    } else if key == Key::Interface {
        nodes.flat_map(|node| &node.interfaces).map(|interface| interface.name.clone()).collect()
    } else if key == Key::Peer {
        let name = |node: &str, key: &str| if node.is_empty() { key.to_owned() } else { node.to_owned() };
        nodes.flat_map(|node| &node.peers.1).map(|peer| name(&peer.node, &peer.public_key)).collect()
    } else if key == Key::Pod {
        model.flows.pods()
    } else {
        Vec::new()
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// More lines are never scrolled by.
const HELP: usize = 200;
const PANE: usize = 2000;
