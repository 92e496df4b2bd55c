//! The ledger as people and programs read it, and losses while they happen.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use wgtrace_abi::HookCounters;
use wgtrace_flow::Ledger;
use wgtrace_flow::ledger::{Columns, RowKey};

use super::names::Names;

/// Losses by cause, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Losses {
    full: u64,
    busy: u64,
    other: u64,
    last_error: u64,
}

impl Losses {
    /// Adds what a hook counted on a CPU.
    pub(super) fn add(&mut self, counters: &HookCounters) {
        self.full = self.full.saturating_add(counters.lost_full);
        self.busy = self.busy.saturating_add(counters.lost_busy);
        self.other = self.other.saturating_add(counters.lost_other);
        if counters.last_error != 0 {
            self.last_error = counters.last_error;
        }
    }

    fn total(&self) -> u64 {
        self.full.saturating_add(self.busy).saturating_add(self.other)
    }

    /// What to say when there are more than `before`.
    pub(super) fn since(&self, before: &Self) -> Option<String> {
        let more = self.total().saturating_sub(before.total());
        if more == 0 {
            return None;
        }
        let mut line = format!(
            "LOST {more} events; {} so far: ring full {}, ring busy {}, other {}",
            self.total(),
            self.full,
            self.busy,
            self.other
        );
        if self.other != 0 {
            let _ = write!(line, " (errno {})", self.last_error);
        }
        Some(line)
    }
}

/// The ledger as a table: a line for each row with anything in it, their sum, and whether it adds up.
pub(super) fn table(ledger: &Ledger, names: &Names) -> String {
    let mut lines = vec![heading()];
    let rows = ledger.rows().filter(|(_, columns)| columns.runs() != 0 || columns.delivered != 0);
    lines.extend(rows.map(|(key, columns)| {
        let netns = names.namespace(key.netns).map_or_else(|| key.netns.to_string(), str::to_owned);
        row(&format!("{netns} cpu {} {}", key.cpu, key.hook.name()), &columns)
    }));
    let total = ledger.total();
    lines.push(row("total", &total));
    let balance = ledger.balance();
    lines.extend(balance.off.iter().map(|off| format!("does not add up: {off}")));
    if balance.unattributed != 0 {
        lines.push(format!("{} records belong to no row", balance.unattributed));
    }
    lines.push(format!(
        "{}: {} produced {} {} delivered + {} lost",
        if balance.is_exact() { "ledger adds up" } else { "LEDGER DOES NOT ADD UP" },
        total.produced,
        if total.difference() == 0 { "=" } else { "!=" },
        total.delivered,
        total.lost()
    ));
    lines.join("\n")
}

fn heading() -> String {
    let mut line = format!("{:<LABEL$}", "ledger");
    for (name, _) in shown(&Columns::default()) {
        let _ = write!(line, " {name:>COLUMN$}");
    }
    line
}

fn row(label: &str, columns: &Columns) -> String {
    let mut line = format!("{label:<LABEL$}");
    for (_, value) in shown(columns) {
        let _ = write!(line, " {value:>COLUMN$}");
    }
    line
}

/// The columns that the table has room for.
fn shown(columns: &Columns) -> impl Iterator<Item = (&'static str, u64)> {
    columns.columns().into_iter().take(8)
}

/// The ledger as one object, which ends a trace of objects.
pub(super) fn object(ledger: &Ledger, names: &Names) -> Value {
    let balance = ledger.balance();
    let rows = ledger.rows().filter(|(_, columns)| columns.runs() != 0 || columns.delivered != 0);
    let rows: Value = rows.map(|(key, columns)| keyed(&key, &columns, names)).collect();
    let rings: Value = balance
        .rings
        .iter()
        .map(|ring| json!({"cpu": ring.cpu, "lost_records": ring.lost_records, "lost_full": ring.lost_full}))
        .collect();
    json!({"ledger": {
        "exact": balance.is_exact(),
        "total": fields(&balance.total),
        "unattributed": balance.unattributed,
        "rows": rows,
        "rings": rings,
    }})
}

fn keyed(key: &RowKey, columns: &Columns, names: &Names) -> Value {
    let mut row = fields(columns);
    row.insert("netns".into(), names.namespace(key.netns).map_or_else(|| key.netns.into(), Value::from));
    row.insert("cpu".into(), key.cpu.into());
    row.insert("hook".into(), key.hook.name().into());
    Value::Object(row)
}

fn fields(columns: &Columns) -> Map<String, Value> {
    let named = columns.columns().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    named.chain([("lost".to_owned(), columns.lost().into())]).collect()
}

/// Width of what names a row.
const LABEL: usize = 32;
/// Width of a number.
const COLUMN: usize = 11;

#[cfg(test)]
mod tests {
    use wgtrace_abi::Hook;

    use super::*;

    fn ledger() -> (Ledger, Names) {
        let mut ledger = Ledger::new();
        let counters = HookCounters { produced: 7, lost_full: 7, filtered: 2, ..HookCounters::default() };
        ledger.read(5, &[(1, Hook::TapOut, counters), (0, Hook::TapOut, HookCounters::default())]);
        (ledger, Names::new([(5, "node1")].into_iter()))
    }

    #[test]
    fn the_table_has_rows_with_something_in_them_and_a_verdict() {
        let (ledger, names) = ledger();
        let table = table(&ledger, &names);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[0].ends_with("  unheard    filtered sampled_out"), "{table}");
        assert!(lines[1].starts_with("node1 cpu 1 tap-out  "), "{table}");
        assert_eq!(lines[3], "ledger adds up: 7 produced = 0 delivered + 7 lost");
    }

    #[test]
    fn the_object_has_the_same_numbers() {
        let (ledger, names) = ledger();
        let object = object(&ledger, &names);
        assert_eq!(object["ledger"]["exact"], true);
        assert_eq!(
            (&object["ledger"]["total"]["produced"], &object["ledger"]["total"]["lost"]),
            (&7.into(), &7.into())
        );
        assert_eq!(object["ledger"]["rows"][0]["hook"], "tap-out");
    }

    #[test]
    fn losses_are_told_once_with_their_causes() {
        let mut losses = Losses::default();
        assert_eq!(losses.since(&Losses::default()), None);
        losses.add(&HookCounters { lost_full: 4, lost_other: 1, last_error: 22, ..HookCounters::default() });
        let line = losses.since(&Losses::default()).unwrap();
        assert_eq!(line, "LOST 5 events; 5 so far: ring full 4, ring busy 0, other 1 (errno 22)");
        assert_eq!(losses.since(&losses), None);
    }
}
