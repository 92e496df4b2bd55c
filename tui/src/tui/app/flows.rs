//! Which flows are shown, in which order, and under which heads.

mod column;
mod group;
mod order;

use std::collections::HashSet;

pub(crate) use self::column::{Column, Sort};
pub(crate) use self::group::{Group, GroupKey, Grouping};
use self::order::Order;
use super::cursor::{Cursor, Step};
use super::view::View;
use crate::tui::model::{FlowKey, Model};

/// A row: a flow by its slot, or a group by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Flow(u32),
    Group(usize),
}

/// What the flows view remembers.
#[derive(Debug, Default)]
pub(crate) struct FlowsView {
    pub(crate) sort: Sort,
    pub(crate) grouping: Grouping,
    pub(crate) lines: Vec<Line>,
    pub(crate) groups: Vec<Group>,
    pub(crate) cursor: Cursor,
    open: HashSet<GroupKey>,
    /// What keys act on, wherever it is by now; nothing while it is whatever comes first.
    selected: Option<Selected>,
    order: Order,
    settled: Option<Settled>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selected {
    Flow(FlowKey),
    Group(GroupKey),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Settled {
    revision: (u64, u64),
    at: i64,
}

impl FlowsView {
    /// Brings the rows in order if flows came or went, or, less often, if they changed. Whether it did.
    pub(crate) fn settle(&mut self, model: &Model, now: i64, height: usize) -> bool {
        if self.when(model).is_none_or(|due| due > now) {
            return false;
        }
        self.order_all(model);
        self.settled = Some(Settled { revision: model.flows.revision(), at: now });
        self.find_selected(model, height);
        true
    }

    /// When it has to be settled, if that is shown.
    pub(crate) fn due(&self, model: &Model, view: View) -> Option<i64> {
        (view == View::Flows).then(|| self.when(model)).flatten()
    }

    /// The order is no longer what is wanted: settle at once.
    pub(crate) fn unsettle(&mut self) {
        self.settled = None;
        self.order.forget();
    }

    pub(crate) fn step(&mut self, step: Step, model: &Model, height: usize) {
        self.cursor.step(step, self.lines.len(), height);
        let line = self.lines.get(self.cursor.row);
        self.selected = match (step, line) {
            (Step::First, _) | (_, None) => None,
            (_, Some(Line::Flow(slot))) => model.flows.key(*slot).map(Selected::Flow),
            (_, Some(Line::Group(number))) => {
                self.groups.get(*number).map(|group| Selected::Group(group.key.clone()))
            }
        };
    }

    /// The flow that keys act on; of a group, the one that stands for it.
    pub(crate) fn flow(&self, model: &Model) -> Option<FlowKey> {
        if let Some(Selected::Flow(key)) = &self.selected {
            return Some(*key);
        }
        match self.lines.get(self.cursor.row)? {
            Line::Flow(slot) => model.flows.key(*slot),
            Line::Group(_) => None,
        }
    }

    /// Opens or closes the group under the cursor; false if there is none.
    pub(crate) fn toggle(&mut self) -> bool {
        let Some(Line::Group(number)) = self.lines.get(self.cursor.row) else { return false };
        let Some(group) = self.groups.get(*number) else { return false };
        let key = group.key.clone();
        if !self.open.remove(&key) {
            self.open.insert(key.clone());
        }
        self.selected = Some(Selected::Group(key));
        self.unsettle();
        true
    }

    pub(crate) fn is_open(&self, group: &Group) -> bool {
        self.open.contains(&group.key)
    }

    pub(crate) fn regroup(&mut self) {
        self.grouping = self.grouping.next();
        self.open.clear();
        (self.selected, self.cursor) = (None, Cursor::default());
        self.unsettle();
    }

    fn when(&self, model: &Model) -> Option<i64> {
        let (members, changes) = model.flows.revision();
        let Some(Settled { revision, at }) = self.settled else { return Some(i64::MIN) };
        let is_many = self.grouping != Grouping::None && model.flows.len() > MANY;
        let pause = if is_many { SLOW } else { QUICK };
        if revision.0 == members {
            (revision.1 != changes).then(|| at.saturating_add(SLOW))
        } else {
            Some(at.saturating_add(pause))
        }
    }

    fn order_all(&mut self, model: &Model) {
        let sorted = self.order.sort(&model.flows, &model.names, self.sort);
        self.lines.clear();
        self.groups.clear();
        if self.grouping == Grouping::None {
            self.lines.extend(sorted.map(Line::Flow));
            return;
        }
        let (groups, members) = group::grouped(&model.flows, sorted, self.grouping, self.sort);
        for (number, (group, slots)) in groups.iter().zip(members).enumerate() {
            self.lines.push(Line::Group(number));
            if self.open.contains(&group.key) {
                self.lines.extend(slots.into_iter().map(Line::Flow));
            }
        }
        self.groups = groups;
    }

    /// The row that keys act on may have moved.
    fn find_selected(&mut self, model: &Model, height: usize) {
        let wanted = self.selected.as_ref().and_then(|selected| match selected {
            Selected::Flow(key) => model.flows.place(*key).map(Line::Flow),
            Selected::Group(key) => self.groups.iter().position(|group| group.key == *key).map(Line::Group),
        });
        let found = wanted.and_then(|wanted| self.lines.iter().position(|line| *line == wanted));
        match found {
            Some(row) => self.cursor.follow(row, self.lines.len(), height),
            // it may come back: a daemon told everything anew
            None => self.cursor.keep_in_sight(self.lines.len(), height),
        }
    }
}

/// Nanoseconds between two orderings when flows come and go; and when they only change, which moves rows about.
const QUICK: i64 = 16_000_000;
const SLOW: i64 = 500_000_000;
/// More flows take long to be grouped.
const MANY: usize = 20_000;
