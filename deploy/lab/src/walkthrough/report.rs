//! Outcomes for people.

use std::fmt::{self, Display, Formatter};

use super::compare::{Pair, Relation};
use super::mask::Mask;
use super::outcome::{Outcome, Verdict};

/// A heading, the document's lines beside the lab's, and the verdict.
///
/// Signs: `=` equal, `~` equal up to something, `*` deliberately other, `-` missing, `+` not in the document.
impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "=== {}: {}", self.step, self.about)?;
        if !self.command.is_empty() {
            writeln!(f, "    $ {}", self.command)?;
        }
        self.pairs.iter().try_for_each(|pair| write!(f, "{pair}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "    {note}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  ! {fault}"))?;
        let took = self.milliseconds.as_millis();
        match &self.verdict {
            Verdict::Ok => writeln!(f, "--- {}: OK ({took} ms)", self.step),
            Verdict::Differs => writeln!(f, "--- {}: DIFFERS ({took} ms)", self.step),
            Verdict::NotRun { reason } => writeln!(f, "--- {}: NOT RUN: {reason}", self.step),
        }
    }
}

impl Display for Pair {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines = self.lines.as_deref().unwrap_or_default();
        let mut write = |sign: char, label: &str, texts: &[String]| {
            let labels = std::iter::once(label).chain(std::iter::repeat(""));
            texts.iter().zip(labels).try_for_each(|(text, label)| writeln!(f, "  {sign} {label:>8} {text}"))
        };
        match &self.relation {
            Relation::Equal => write('=', lines, &self.said),
            Relation::EqualUpTo { up_to } => {
                write('~', lines, &self.said)?;
                write('~', "here", &self.here)?;
                writeln!(f, "             equal up to {}", masks(up_to))
            }
            Relation::Other { because } => {
                write('*', lines, &self.said)?;
                write('*', "here", if self.here.is_empty() { &NOTHING } else { &self.here })?;
                writeln!(f, "             other: {because}")
            }
            Relation::Missing { wanted } => {
                write('-', lines, &self.said)?;
                if *wanted == self.said { Ok(()) } else { write('-', "wanted", wanted) }
            }
            Relation::Unlisted => write('+', "here", &self.here),
        }
    }
}

/// In words, each once.
fn masks(masks: &[Mask]) -> String {
    let mut words: Vec<String> = Vec::new();
    for mask in masks {
        let word = mask.to_string();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

static NOTHING: [String; 0] = [];

/// All outcomes in one line.
pub fn summary(outcomes: &[Outcome]) -> String {
    let count = |is: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| is(&outcome.verdict)).count();
    let fine = count(|verdict| matches!(verdict, Verdict::Ok));
    let differ = count(|verdict| matches!(verdict, Verdict::Differs));
    let not_run = count(|verdict| matches!(verdict, Verdict::NotRun { .. }));
    let took: std::time::Duration = outcomes.iter().map(|outcome| outcome.milliseconds).sum();
    let seconds = took.as_secs_f32();
    format!(
        "walkthrough: {fine} of {} steps OK, {differ} differ, {not_run} not run; {seconds:.1} s",
        outcomes.len()
    )
}

/// What the program exits with: 0 if all is as the table says, 1 if something is not, else 3 if a step could not run.
pub fn exit_code(outcomes: &[Outcome]) -> u8 {
    let any = |is: fn(&Verdict) -> bool| outcomes.iter().any(|outcome| is(&outcome.verdict));
    if any(|verdict| matches!(verdict, Verdict::Differs)) {
        1
    } else if any(|verdict| matches!(verdict, Verdict::NotRun { .. })) {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::anyhow;

    use super::*;
    use crate::walkthrough::outcome::Evidence;
    use crate::walkthrough::{Order, Table};

    const TABLE: &str = r#"
[[row]]
lines = "239"
step = "pod routes"
said = 'default via 10.0.1.26 dev eth0 mtu 1420'
here = 'default via 10.0.1.26 dev eth0 proto 200 mtu 1420'
because = "ours"

[[row]]
lines = "336"
step = "other node"
said = '64 bytes: ttl=60 time=6.803 ms'
up-to = ["time"]
"#;

    fn outcome(step: &'static str, texts: &[&str]) -> Outcome {
        let evidence = Evidence::of("ip r s").texts(texts, Order::Any);
        let table = Table::parse(&[TABLE]).unwrap();
        Outcome::of((step, "what it is"), &table, Ok(evidence), Duration::from_millis(5))
    }

    #[test]
    fn a_deliberate_difference_is_shown_with_its_reason() {
        let outcome = outcome("pod routes", &["default via 10.0.1.26 dev eth0 proto 200 mtu 1420"]);
        assert_eq!(
            outcome.to_string(),
            "=== pod routes: what it is\n    $ ip r s\n  *      239 default via 10.0.1.26 dev eth0 mtu 1420\n  \
             *     here default via 10.0.1.26 dev eth0 proto 200 mtu 1420\n             other: ours\n\
             --- pod routes: OK (5 ms)\n"
        );
        assert_eq!(exit_code(&[outcome]), 0);
    }

    #[test]
    fn what_is_not_in_the_table_is_a_difference() {
        let outcome = outcome("other node", &["64 bytes: ttl=61 time=0.1 ms"]);
        assert_eq!(
            outcome.to_string(),
            "=== other node: what it is\n    $ ip r s\n  -      336 64 bytes: ttl=60 time=6.803 ms\n  \
             +     here 64 bytes: ttl=61 time=0.1 ms\n--- other node: DIFFERS (5 ms)\n"
        );
        assert_eq!(exit_code(&[outcome]), 1);
    }

    #[test]
    fn a_step_that_cannot_run_says_why_and_is_no_success() {
        let table = Table::parse(&[TABLE]).unwrap();
        let error = Err(anyhow!("no key log").context("decrypting"));
        let not_run = Outcome::of(("decryption", "d"), &table, error, Duration::ZERO);
        assert_eq!(
            not_run.to_string(),
            "=== decryption: d\n--- decryption: NOT RUN: decrypting: no key log\n"
        );
        let fine = outcome("other node", &["64 bytes: ttl=60 time=0.1 ms"]);
        assert_eq!(fine.verdict, Verdict::Ok);
        let outcomes = [fine, not_run];
        assert_eq!(exit_code(&outcomes), 3);
        assert_eq!(summary(&outcomes), "walkthrough: 1 of 2 steps OK, 0 differ, 1 not run; 0.0 s");
        let json = serde_json::to_value(&outcomes[1]).unwrap();
        assert_eq!(
            (json["verdict"].as_str(), json["reason"].as_str()),
            (Some("not-run"), Some("decrypting: no key log"))
        );
        let json = serde_json::to_value(&outcomes[0]).unwrap();
        assert_eq!(json["pairs"][0]["relation"], "equal-up-to");
        assert_eq!(json["pairs"][0]["up-to"][0], "time");
    }
}
