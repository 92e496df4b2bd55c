//! The table of keys.

use super::Places;

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Quit,
    Help,
    Back,
    Pause,
    Filter,
    ClearFilter,
    Details,
    NextPane,
    PreviousPane,
    Zoom,
    NextView,
    PreviousView,
    /// The view with this number, from 0.
    View(u8),
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
    SortRight,
    SortLeft,
    Reverse,
    Group,
    Follow,
    Redraw,
    Accept,
    Edit(Edit),
}

/// What a key does to the line that a filter is typed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Edit {
    Cancel,
    Complete,
    Earlier,
    Later,
    Left,
    Right,
    Start,
    End,
    DeleteBack,
    DeleteHere,
    DeleteWord,
    DeleteAll,
}

/// An action, its keys unless told otherwise, and how it is explained.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) action: Action,
    /// As a configuration names it.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) help: &'static str,
    /// In the status bar; empty where it is not said there.
    pub(crate) hint: &'static str,
    pub(crate) places: Places,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
    places: Places,
) -> Binding {
    Binding { action, name, keys, help, hint, places }
}

/// Every action. The first that fit are hinted at in the status bar, in this order.
pub(crate) const TABLE: &[Binding] = &[
    bind(Action::Accept, "accept", &["enter"], "apply", "apply the filter and leave the line", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Cancel), "cancel", &["esc"], "cancel", "leave the line, with the filter as it was", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Complete), "complete", &["tab"], "complete", "complete the word", Places::FILTER_LINE),
    bind(Action::Quit, "quit", &["q", "ctrl-c"], "quit", "quit", Places::EVERYWHERE),
    bind(Action::Help, "help", &["?", "f1"], "help", "this help, and back", Places::SCREENS),
    bind(Action::Details, "details", &["enter"], "details", "details of the row, or open and close its group", Places::VIEWS),
    bind(Action::Filter, "filter", &["/"], "filter", "type a filter", Places::VIEWS),
    bind(Action::Pause, "pause", &["p", "space"], "pause", "hold the screen still, and go on", Places::VIEWS),
    bind(Action::SortRight, "sort-next", &["s", ">"], "sort", "sort by the next column", Places::FLOWS),
    bind(Action::Reverse, "sort-reverse", &["S"], "reverse", "sort the other way round", Places::FLOWS),
    bind(Action::SortLeft, "sort-previous", &["<"], "", "sort by the column before", Places::FLOWS),
    bind(Action::Group, "group", &["t"], "group", "group by flow, pod, peer, node, or not", Places::FLOWS),
    bind(Action::Follow, "follow", &["f"], "follow", "follow the newest packet, or stay", Places::PACKETS),
    bind(Action::ClearFilter, "clear-filter", &["x"], "", "take the filter away", Places::FILTERED),
    bind(Action::Back, "back", &["esc"], "", "close what is open", Places::SCREENS),
    bind(Action::NextPane, "next-pane", &["tab"], "", "the next pane, or the next view", Places::VIEWS),
    bind(Action::PreviousPane, "previous-pane", &["shift-tab"], "", "the pane before, or the view before", Places::VIEWS),
    bind(Action::Zoom, "zoom", &["e"], "", "give the details the whole screen, and back", Places::VIEWS),
    bind(Action::NextView, "next-view", &["]", "right", "l"], "", "the next view", Places::VIEWS),
    bind(Action::PreviousView, "previous-view", &["[", "left", "h"], "", "the view before", Places::VIEWS),
    bind(Action::View(0), "flows", &["1"], "", "flows: a row each, with its way and whether it was encrypted", Places::VIEWS),
    bind(Action::View(1), "packets", &["2"], "", "packets as they come, with layers and bytes", Places::VIEWS),
    bind(Action::View(2), "peers", &["3"], "", "WireGuard peers and their sessions", Places::VIEWS),
    bind(Action::View(3), "interfaces", &["4"], "", "interfaces and the programs on them", Places::VIEWS),
    bind(Action::View(4), "drops", &["5"], "", "what was dropped, and why", Places::VIEWS),
    bind(Action::View(5), "ledger", &["6"], "", "events produced, delivered and lost", Places::VIEWS),
    bind(Action::View(6), "events", &["7"], "", "what happened to nodes and sessions", Places::VIEWS),
    bind(Action::Down, "down", &["j", "down"], "", "a row down", Places::SCREENS),
    bind(Action::Up, "up", &["k", "up"], "", "a row up", Places::SCREENS),
    bind(Action::PageDown, "page-down", &["pgdn", "ctrl-f"], "", "a page down", Places::SCREENS),
    bind(Action::PageUp, "page-up", &["pgup", "ctrl-b"], "", "a page up", Places::SCREENS),
    bind(Action::HalfDown, "half-down", &["ctrl-d"], "", "half a page down", Places::SCREENS),
    bind(Action::HalfUp, "half-up", &["ctrl-u"], "", "half a page up", Places::SCREENS),
    bind(Action::Top, "top", &["g", "home"], "", "the first row", Places::SCREENS),
    bind(Action::Bottom, "bottom", &["G", "end"], "", "the last row", Places::SCREENS),
    bind(Action::Redraw, "redraw", &["ctrl-l"], "", "draw the whole screen again", Places::EVERYWHERE),
    bind(Action::Edit(Edit::Earlier), "earlier", &["up", "ctrl-p"], "", "the filter before", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Later), "later", &["down", "ctrl-n"], "", "the filter after", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Left), "cursor-left", &["left", "ctrl-b"], "", "a character to the left", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Right), "cursor-right", &["right", "ctrl-f"], "", "a character to the right", Places::FILTER_LINE),
    bind(Action::Edit(Edit::Start), "cursor-start", &["home", "ctrl-a"], "", "to the start of the line", Places::FILTER_LINE),
    bind(Action::Edit(Edit::End), "cursor-end", &["end", "ctrl-e"], "", "to the end of the line", Places::FILTER_LINE),
    bind(Action::Edit(Edit::DeleteBack), "delete-back", &["backspace", "ctrl-h"], "", "delete the character before", Places::FILTER_LINE),
    bind(Action::Edit(Edit::DeleteHere), "delete-here", &["delete", "ctrl-d"], "", "delete the character here", Places::FILTER_LINE),
    bind(Action::Edit(Edit::DeleteWord), "delete-word", &["ctrl-w"], "", "delete the word before", Places::FILTER_LINE),
    bind(Action::Edit(Edit::DeleteAll), "delete-all", &["ctrl-u"], "", "delete all before", Places::FILTER_LINE),
];
