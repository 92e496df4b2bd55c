//! What a machine reported, for people.

use wgtrace_vm::Line;

use super::Args;
use super::instructions::{Counts, Record};
use super::kernel::Kernel;
use super::machine::Outcome;

/// Prints what came of `kernel`; whether all is well.
pub(super) fn report(
    kernel: &Kernel,
    outcome: &Outcome,
    console: &str,
    record: &mut Record,
    args: &Args,
) -> bool {
    let faults = faults(outcome);
    let mut counts = Counts { release: kernel.release.clone(), programs: [].into() };
    let mut passed = 0;
    let mut lines = Vec::new();
    for line in &outcome.lines {
        match line {
            Line::Booted { .. } | Line::Finished => {}
            Line::Program { name, size } => {
                counts.programs.insert(name.clone(), *size);
            }
            Line::Check { name, passed: ok, millis, notes } => {
                passed += usize::from(*ok);
                if !*ok || args.verbose {
                    let word = if *ok { "ok" } else { "FAILED" };
                    lines.push(format!("  {word:6} {name} ({millis} ms): {notes}"));
                }
            }
        }
    }
    let comparison = if args.update && faults.is_empty() {
        record.set(kernel.series.name, counts);
        super::instructions::Comparison::default()
    } else {
        record.compare(kernel.series.name, &counts)
    };
    lines.extend(comparison.notes.iter().map(|note| format!("  note   {note}")));
    lines.extend(comparison.faults.iter().map(|fault| format!("  FAILED {fault}")));
    lines.extend(
        outcome.fault.iter().map(|fault| format!("  FAILED {fault}; the kernel's last words:\n{console}")),
    );
    let well = faults.is_empty() && comparison.faults.is_empty();
    println!(
        "{} Linux {}: {passed} checks passed in {:.1} s",
        if well { "ok" } else { "FAILED" },
        kernel.release,
        outcome.took.as_secs_f64()
    );
    for line in lines {
        println!("{line}");
    }
    well
}

/// What fails the machine apart from its instruction counts.
fn faults(outcome: &Outcome) -> Vec<&str> {
    let checks = outcome.lines.iter().filter_map(|line| match line {
        Line::Check { name, passed: false, .. } => Some(name.as_str()),
        Line::Check { .. } | Line::Booted { .. } | Line::Program { .. } | Line::Finished => None,
    });
    checks.chain(outcome.fault.as_deref()).collect()
}
