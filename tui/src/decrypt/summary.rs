//! What came of it, for people and for programs, from one set of facts.

mod depth;
mod json;
mod text;

use wgtrace_decrypt::capture::Timestamp;
use wgtrace_decrypt::pipeline::{Front, MAX_DEPTH, Nest, Report};
use wgtrace_decrypt::sessions::Counts;

use self::depth::Depth;
use super::run::Counted;
use crate::io::Reading;

/// Everything there is to say after the job.
pub(crate) struct Summary<'a> {
    front: &'a Front<Reading>,
    report: &'a Report,
    /// Sessions and failures, the outermost first.
    depths: Vec<Depth<'a>>,
    /// What had to be left out or mended, in words.
    warnings: Vec<String>,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(counted: &'a Counted) -> Self {
        let Counted { front, nest, report } = counted;
        let tables = std::iter::once(front.sessions()).chain(nest.tables());
        let depths: Vec<Depth<'_>> = tables
            .enumerate()
            .filter_map(|(depth, table)| Some(Depth::new(depth, table, report.at(depth)?)))
            .collect();
        let warnings = warnings(front, nest, &depths);
        Self { front, report, depths, warnings }
    }

    /// What is inside other tunnels.
    fn inside(&self) -> &[Depth<'a>] {
        self.depths.get(1..).unwrap_or_default()
    }

    /// A sum over what is inside other tunnels.
    fn sum_inside(&self, count: impl Fn(&Depth<'a>) -> u64) -> u64 {
        self.inside().iter().map(count).sum()
    }
}

fn warnings(front: &Front<Reading>, nest: &Nest, depths: &[Depth<'_>]) -> Vec<String> {
    let mut warnings = front.reader().notes().warnings();
    warnings.extend(front.dissector().counts().warnings());
    let table = |count: fn(&Counts) -> u64| depths.iter().map(|depth| count(&depth.table.counts())).sum();
    let total = |count: fn(&Depth<'_>) -> u64| depths.iter().map(count).sum();
    let mut note = |count: u64, text: &str| {
        if count > 0 {
            warnings.push(format!("{count} {text}"));
        }
    };
    note(front.counts().handshakes_truncated, "handshake messages were cut by the capture");
    note(nest.counts().handshakes_truncated, "handshake messages inside tunnels are cut");
    note(
        nest.counts().too_deep,
        &format!("messages inside more than {MAX_DEPTH} tunnels were left encrypted"),
    );
    note(table(|it| it.handshakes_evicted), "handshake messages were forgotten to bound memory");
    note(table(|it| it.sessions_refused), "sessions were not kept to bound memory");
    note(table(|it| it.openers_refused), "keys were not kept: too many under one receiver index");
    // Every depth has the same secrets: one table's count is that of them all.
    note(front.sessions().counts().keys_refused, "keys were not kept to bound memory and time");
    note(
        total(|it| it.ledger.totals().opened.malformed),
        "decrypted packets are no IP packets of their own length; kept whole",
    );
    note(
        total(|it| it.ledger.totals().failed_ungrouped),
        "messages failed under receiver indices beyond those listed",
    );
    warnings
}

/// `2018-07-20T21:05:43.123456789Z`
fn time(at: Timestamp) -> String {
    let nanos = u64::try_from(at.0).unwrap_or(0);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(nanos);
    humantime::format_rfc3339_nanos(time).to_string()
}
