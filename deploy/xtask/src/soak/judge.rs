//! What has to hold.

use std::collections::BTreeMap;
use std::time::Duration;

use wgtrace_api::v1::{LedgerReply, LedgerRow};
use wgtrace_lab::leak::Sort;

use super::memory::{Series, Use};
use super::run::Found;
use super::table::Table;

/// Holds what was found against what has to be.
pub(super) fn judge(found: &Found<'_>, table: &mut Table) {
    events(found, table);
    leaks(found, table);
    for ledger in &found.ledgers {
        account(ledger, table);
    }
    let warm = (found.length / 3).min(LONGEST_WARM_UP);
    for ((name, pid), series) in found.used {
        processes(found, &format!("{name} ({pid})"), name, series, warm, table);
    }
    furniture(found, table);
}

/// That there was something to bear.
fn events(found: &Found<'_>, table: &mut Table) {
    let seconds = found.length.as_secs();
    let kills: Vec<String> = found.kills.iter().map(|(node, kills)| format!("{node}: {kills}")).collect();
    table.row(
        "daemons killed and started again",
        kills.join(", "),
        "at least 3",
        found.kills.values().sum::<u64>() >= 3,
    );
    let rekeys: Vec<String> = found.cycles.iter().map(ToString::to_string).collect();
    table.row(
        "rekeys of two that live on, in each cycle of 150 s",
        rekeys.join(", "),
        "at least 1 each",
        !found.cycles.is_empty() && found.cycles.iter().all(|rekeys| *rekeys > 0),
    );
    let (told, least) = &found.traffic;
    table.row(format!("traffic in {seconds} s, answered"), told.join("; "), "1/s each", *least >= seconds);
}

fn leaks(found: &Found<'_>, table: &mut Table) {
    let leaked = found.seen.sum(|sort| matches!(sort, Sort::Leak(_)));
    let sealed = found.seen.sum(|sort| *sort == Sort::WireGuard);
    let is_everywhere = found.seen.tallies.values().all(|tally| tally.contains_key(&Sort::WireGuard));
    let mut measured =
        format!("{leaked}, beside {sealed} frames of WireGuard at {} points", found.seen.tallies.len());
    if let Some(first) = found.seen.first.first() {
        measured = format!("{measured}; the first: {first}");
    }
    table.row(
        "plaintext that left a node, seen at each `eth0` and at the other end of its cable",
        measured,
        "0, and WireGuard at all points",
        leaked == 0 && sealed > 0 && is_everywhere,
    );
}

/// produced = delivered + lost, for each CPU and hook.
fn account(ledger: &LedgerReply, table: &mut Table) {
    let sum = |column: fn(&LedgerRow) -> u64| ledger.rows.iter().map(column).fold(0, u64::saturating_add);
    let (produced, delivered) = (sum(|row| row.produced), sum(|row| row.delivered));
    let (full, other) = (sum(|row| row.lost_full), sum(|row| row.lost_other));
    let undecodable = sum(|row| row.undecodable);
    let is_exact = ledger.rows.iter().all(|row| {
        row.delivered.checked_add(row.lost_full).and_then(|sum| sum.checked_add(row.lost_other))
            == Some(row.produced)
    });
    table.row(
        format!("ledger of {}, {} rows: produced = delivered + lost", ledger.node, ledger.rows.len()),
        format!(
            "{produced} = {delivered} + {full} + {other}; {undecodable} undecodable, {} unattributed",
            ledger.unattributed
        ),
        "exact in each row, 0, 0",
        is_exact && ledger.balanced && produced > 0 && undecodable == 0 && ledger.unattributed == 0,
    );
}

/// Those that lasted: their memory and their descriptors.
fn processes(found: &Found<'_>, shown: &str, name: &str, series: &Series, warm: Duration, table: &mut Table) {
    let lasts = !name.starts_with("wgtraced") || name.ends_with(&format!(" {}", found.survivor));
    let halves = |figure: fn(&Use) -> u64| series.halves(warm, figure);
    let (Some(memory), Some(descriptors)) = (halves(|used| used.memory), halves(|used| used.descriptors))
    else {
        if lasts {
            table.row(format!("{shown}: memory"), "it did not last", "it lasts", false);
        }
        return;
    };
    if !lasts {
        return;
    }
    table.row(
        format!(
            "{shown}: KiB of memory, median of {} s and of the {0} s after",
            found.length.saturating_sub(warm).as_secs() / 2
        ),
        format!("{}, {}", memory.first, memory.second),
        format!("at most {MOST_GROWTH} more"),
        memory.growth() <= MOST_GROWTH,
    );
    table.row(
        format!("{shown}: descriptors, the same medians"),
        format!("{}, {}", descriptors.first, descriptors.second),
        "no more",
        descriptors.growth() == 0,
    );
}

fn furniture(found: &Found<'_>, table: &mut Table) {
    let [before, after] = &found.furniture;
    let differences = after.differences(before);
    let mut counts = BTreeMap::new();
    for kind in ["interfaces", "namespaces", "mounts", "pins"] {
        counts.insert(kind, format!("{} {kind}, then {}", before.count(kind), after.count(kind)));
    }
    let mut measured: Vec<String> = counts.into_values().collect();
    measured.extend(differences.iter().take(3).cloned());
    table.row(
        "on the nodes, at first and at the end",
        measured.join("; "),
        "the same ones",
        differences.is_empty(),
    );
    let [[programs, maps], [still, made]] = found.objects;
    table.row(
        "BPF programs and maps of the lab, at first and at the end",
        format!("{programs} and {maps}, then {still} and {made}"),
        "no more",
        still <= programs && made <= maps,
    );
}

/// Till then tables fill: a flow of datagrams is known for three minutes, and the TUI keeps 20,000 packets.
const LONGEST_WARM_UP: Duration = Duration::from_mins(10);
/// In KiB. Over 25 minutes at a thousand events a second, one byte an event would be 1.5 MiB; over 40 s, fifty bytes
/// would be 2 MiB. Allocators keep less than that to themselves.
const MOST_GROWTH: u64 = 2048;
