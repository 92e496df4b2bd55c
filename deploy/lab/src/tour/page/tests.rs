use std::time::Duration;

use super::*;
use crate::tour::words::AllWords;
use crate::walkthrough::outcome::Evidence;
use crate::walkthrough::{Order, Table};

const TABLE: &str = r#"
[[row]]
lines = "1"
step = "rules"
said = '0: from all lookup local'

[[row]]
lines = "2"
step = "rules"
said = '1: from all fwmark 0xe00/0xf00 lookup 201'
here = '1: from all fwmark 0xe00/0xf00 lookup 201 proto 200'
because = "rules of ours are known by their protocol"

[[row]]
lines = "3"
step = "rules"
said = 'inet6 ::1/128'
here = ''
because = "no IPv6"
"#;

fn outcome(texts: &[&str]) -> Outcome {
    let mut evidence = Evidence::of("ip rule show").texts(texts, Order::Same);
    evidence.holds(true, "something else is so");
    let table = Table::parse(&[TABLE]).unwrap();
    Outcome::of(("rules", "rules that choose a table"), &table, Ok(evidence), Duration::ZERO)
}

fn laid_out(outcome: &Outcome, width: usize) -> String {
    let words = AllWords::committed().unwrap();
    let page = Page { number: (7, 20), words: words.of("rules").unwrap(), outcome };
    let text = page.on(Paper { width, bold: false });
    assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    text
}

const OURS: [&str; 2] = ["0: from all lookup local", "1: from all fwmark 0xe00/0xf00 lookup 201 proto 200"];

#[test]
fn a_wide_page_has_the_document_beside_the_lab() {
    let text = laid_out(&outcome(&OURS), 140);
    let has = |parts: &[&str]| text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(text.starts_with("=== 7 of 20: rules ====="), "{text}");
    assert!(has(&[" = 0: from all lookup local ", " | 0: from all lookup local"]), "{text}");
    assert!(
        has(&[" * 1: from all fwmark 0xe00/0xf00 lookup 201 ", " | 1: from all fwmark", "proto 200"]),
        "{text}"
    );
    assert!(has(&["   other on purpose: rules of ours are known by their protocol"]), "{text}");
    assert!(has(&[" * inet6 ::1/128 ", " | (nothing)"]), "{text}");
    for heading in ["\nSeen as well\n  + something else is so\n", "\nLook at\n  - ", "\nWhy\n  - "] {
        assert!(text.contains(heading), "{heading}: {text}");
    }
}

#[test]
fn a_narrow_page_has_one_above_the_other_and_nothing_is_cut_off() {
    for width in [40, 60, 80] {
        let text = laid_out(&outcome(&OURS), width);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.contains(&"document") && words.contains(&"here"), "{text}");
        for word in OURS[1].split(' ') {
            assert!(words.contains(&word), "{word}: {text}");
        }
    }
    let text = laid_out(&outcome(&OURS), 80);
    let both = " = document  0: from all lookup local\n =     here  0: from all lookup local\n";
    assert!(text.contains(both), "{text}");
}

#[test]
fn what_is_missing_and_what_is_too_much_is_shown() {
    let text = laid_out(&outcome(&["0: from all lookup local", "9: from all lookup 7"]), 140);
    assert!(text.contains("| (missing)") && text.contains("| should be: 1: from all fwmark"), "{text}");
    assert!(text.contains(" + (no such line)") && text.contains("| 9: from all lookup 7"), "{text}");
}

#[test]
fn a_step_that_could_not_run_says_why() {
    let table = Table::parse(&[TABLE]).unwrap();
    let error = Err(anyhow::anyhow!("the lab has no key logs"));
    let outcome = Outcome::of(("rules", "r"), &table, error, Duration::ZERO);
    assert!(laid_out(&outcome, 80).contains("  ! this step could not run: the lab has no key logs\n"));
}

#[test]
fn words_longer_than_a_line_are_cut() {
    assert_eq!(wrap("ab cdefgh i", 4), ["ab", "cdef", "gh i"]);
    assert_eq!(wrap("", 4), [""]);
    assert_eq!(wrap("one two three", 80), ["one two three"]);
}
