//! The program without its terminal: what is known, what is shown of it, and what keys do.

mod act;
mod areas;
mod copying;
mod cursor;
mod editing;
mod editor;
mod flows;
mod packets;
mod rows;
mod view;

use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::layout::Size;
use wgtrace_api::filter::Filter;

pub(crate) use self::areas::{Areas, SMALLEST};
pub(crate) use self::cursor::Cursor;
pub(crate) use self::editor::Editor;
pub(crate) use self::flows::{Column, FlowsView, Group, GroupKey, Grouping, Line};
pub(crate) use self::packets::PacketsView;
pub(crate) use self::rows::{DropRow, drop_rows, interface_rows, ledger_rows, peer_rows};
pub(crate) use self::view::View;
use super::keys::{Chord, Keymap, Place};
use super::model::Model;
use super::msg::{Effect, Msg};
use super::theme::Theme;

/// All of the program's state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) keymap: Keymap,
    pub(crate) theme: Theme,
    pub(crate) size: Size,
    /// Nanoseconds since 1970; of a recording, its own time.
    pub(crate) now: i64,
    /// The same, and never a recording's.
    real: i64,
    pub(crate) view: View,
    pub(crate) flows: FlowsView,
    pub(crate) packets: PacketsView,
    /// Of the views that are simple tables.
    pub(crate) cursors: [Cursor; View::ALL.len()],
    pub(crate) details: Option<Details>,
    /// Lines that the help is scrolled by, while it is open.
    pub(crate) help: Option<usize>,
    pub(crate) filter: Filter,
    pub(crate) filter_text: String,
    pub(crate) editor: Option<Editor>,
    pub(crate) notice: Option<Notice>,
    /// Why nothing more will be heard.
    pub(crate) ended: Option<String>,
    history: Vec<String>,
    live: Model,
    held: Option<Held>,
    news: u64,
    is_recording: bool,
    revision: u64,
    rested: i64,
}

/// The pane below the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Details {
    pub(crate) focus: Pane,
    pub(crate) is_zoomed: bool,
    /// Lines that each pane is scrolled by.
    pub(crate) fields: usize,
    pub(crate) bytes: usize,
}

/// What the keys for rows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pane {
    #[default]
    List,
    Fields,
    Bytes,
}

/// Something to be said, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    until: i64,
}

#[derive(Debug)]
struct Held {
    model: Model,
    news: u64,
}

/// What a program is started with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) keymap: Keymap,
    pub(crate) theme: Theme,
    pub(crate) size: Size,
    /// How many daemons are asked; 0 for a recording.
    pub(crate) servers: usize,
    pub(crate) filter_text: String,
    pub(crate) filter: Filter,
}

impl App {
    pub(crate) fn new(start: Start, now: i64) -> Self {
        let Start { keymap, theme, size, servers, filter_text, filter } = start;
        let mut live = Model::default();
        live.nodes.asked = servers;
        Self {
            keymap,
            theme,
            size,
            now,
            real: now,
            view: View::Flows,
            flows: FlowsView::default(),
            packets: PacketsView::default(),
            cursors: [Cursor::default(); View::ALL.len()],
            details: None,
            help: None,
            ended: None,
            history: Vec::new(),
            filter,
            filter_text,
            editor: None,
            notice: None,
            live,
            held: None,
            news: 0,
            is_recording: servers == 0,
            revision: 0,
            rested: now,
        }
    }

    /// Takes what happened; what is to be done outside for it.
    pub(crate) fn update(&mut self, msg: Msg, now: i64) -> Vec<Effect> {
        self.real = now;
        if !self.is_recording {
            self.now = now;
        }
        match msg {
            Msg::Told(told) => {
                if self.is_recording {
                    self.now = self.now.max(told.time);
                }
                let news = self.live.take(*told, &self.filter);
                self.heard(news);
                Vec::new()
            }
            Msg::Packets { from, time, packets } => {
                let news = self.live.take_packets(&from, time, &packets, &self.filter);
                self.heard(news);
                Vec::new()
            }
            Msg::Key(event) if event.kind == KeyEventKind::Release => Vec::new(),
            Msg::Key(event) => {
                self.revision += 1;
                let effects = self.key(event);
                self.settle();
                effects
            }
            Msg::Paste(text) => {
                self.revision += 1;
                self.paste(&text);
                self.settle();
                Vec::new()
            }
            Msg::Resize(size) => {
                self.size = size;
                self.revision += 1;
                self.keep_in_sight();
                Vec::new()
            }
            Msg::Tick => {
                self.tick(now);
                Vec::new()
            }
            Msg::Ended(why) => {
                self.revision += 1;
                self.ended = Some(why);
                Vec::new()
            }
        }
    }

    fn heard(&mut self, news: u64) {
        if news > 0 {
            self.news += news;
            self.revision += 1;
            self.settle();
        }
    }

    /// When it wants to hear that time went by.
    pub(crate) fn next_tick(&self) -> i64 {
        let second = self.rested.saturating_add(SECOND);
        // where nothing fits the screen, nothing is brought in order
        let due = self.areas().and_then(|_| self.flows.due(self.shown(), self.view));
        due.map_or(second, |due| due.min(second))
    }

    /// Another number whenever the screen may look different.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// What is shown: what is known, or what was when the screen was held.
    pub(crate) fn shown(&self) -> &Model {
        self.held.as_ref().map_or(&self.live, |held| &held.model)
    }

    /// What is known by now, for what tells of the state of things.
    pub(crate) fn live(&self) -> &Model {
        &self.live
    }

    /// How many things happened since the screen was held.
    pub(crate) fn held_back(&self) -> Option<u64> {
        self.held.as_ref().map(|held| self.news.saturating_sub(held.news))
    }

    /// What takes the keys.
    pub(crate) fn place(&self) -> Place {
        if self.editor.is_some() {
            Place::FilterLine
        } else if self.help.is_some() {
            Place::Help
        } else {
            self.view.place()
        }
    }

    pub(crate) fn areas(&self) -> Option<Areas> {
        Areas::new(self.size, self.details.as_ref(), self.view)
    }

    fn key(&mut self, event: KeyEvent) -> Vec<Effect> {
        let chord = Chord::pressed(event);
        self.notice = None;
        if let Some(action) = self.keymap.action(self.place(), chord) {
            return self.act(action);
        }
        if let (Some(editor), Some(character)) = (&mut self.editor, chord.character()) {
            // a terminal without brackets types what is pasted, be it a megabyte
            if editor.insert(character) {
                self.edited();
            }
        }
        Vec::new()
    }

    fn tick(&mut self, now: i64) {
        if now.saturating_sub(self.rested) >= SECOND {
            self.rested = now;
            let (flows, nodes) = (self.live.flows.rest(self.now), self.live.nodes.rest(self.now));
            if flows || nodes || self.shows_time() {
                self.revision += 1;
            }
        }
        if self.notice.as_ref().is_some_and(|notice| notice.until <= now) {
            self.notice = None;
            self.revision += 1;
        }
        self.settle();
    }

    /// Whether what is on the screen is another a second later.
    fn shows_time(&self) -> bool {
        let (up, all) = self.live.nodes.connected();
        let has_ages = match self.view {
            View::Flows | View::Peers => self.rows() > 0,
            View::Packets | View::Interfaces | View::Drops | View::Ledger | View::Events => false,
        };
        up < all || (self.held.is_none() && has_ages)
    }

    /// Brings the rows of the view in order, where it is time to.
    fn settle(&mut self) {
        let Some(areas) = self.areas() else { return };
        let model = self.held.as_ref().map_or(&self.live, |held| &held.model);
        if self.view == View::Flows && self.flows.settle(model, self.real, areas.rows()) {
            self.revision += 1;
        }
        if self.view == View::Packets {
            self.packets.settle(model);
        }
    }

    fn say(&mut self, text: String) {
        self.notice = Some(Notice { text, until: self.real.saturating_add(NOTICE) });
    }
}

const SECOND: i64 = 1_000_000_000;
const NOTICE: i64 = 5 * SECOND;
