//! `wgtraced probe`: what this kernel offers, and what follows from it.

mod bpf;
mod finding;
mod kernel;
mod rights;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

pub use self::finding::{Answer, Finding};
use crate::cli::ProbeArgs;

/// Runs the command.
///
/// # Errors
/// When the answers cannot be written.
pub fn run(args: &ProbeArgs) -> Result<ExitCode> {
    let findings = all();
    let text = if args.json { format!("{}\n", object(&findings)) } else { table(&findings) };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write"),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Asks everything; what one question does to itself is no answer to the others.
pub fn all() -> Vec<Finding> {
    QUESTIONS
        .into_iter()
        .map(|(key, question)| {
            catch_unwind(AssertUnwindSafe(question))
                .unwrap_or_else(|_| {
                    Finding::new(Answer::Unknown("asking failed".into()), "please report this")
                })
                .named(key)
        })
        .collect()
}

type Question = (&'static str, fn() -> Finding);

const QUESTIONS: [Question; 19] = [
    ("kernel", kernel::release),
    ("cpus", kernel::cpus),
    ("capabilities", rights::capabilities),
    ("memlock", rights::memlock),
    ("lockdown", rights::lockdown),
    ("unprivileged_bpf", rights::unprivileged_bpf),
    ("perf_event_paranoid", rights::perf_event_paranoid),
    ("bpf_jit", kernel::jit),
    ("btf", kernel::btf),
    ("bpffs", kernel::bpffs),
    ("perf_rings", bpf::rings),
    ("programs", bpf::programs),
    ("tcx", bpf::tcx),
    ("clsact", bpf::clsact),
    ("tap", bpf::tap),
    ("packet_socket", bpf::packet_socket),
    ("kprobes", kernel::kprobes),
    ("wireguard", kernel::wireguard),
    ("tun", kernel::tun),
];

fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.key.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Finding { key, answer, consequence } in findings {
        // writing into a string cannot fail
        let _ = writeln!(text, "{key:width$}  {answer} - {consequence}");
    }
    text
}

fn object(findings: &[Finding]) -> Value {
    let fields = findings.iter().map(|finding| (finding.key.to_owned(), finding.value()));
    Value::Object(fields.collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_an_answer_and_a_consequence_whoever_asks() {
        let findings = all();
        let keys: Vec<&str> = findings.iter().map(|finding| finding.key).collect();
        assert_eq!(keys, QUESTIONS.map(|(key, _)| key));
        for finding in &findings {
            assert!(!finding.consequence.is_empty() && !finding.answer.to_string().is_empty(), "{finding:?}");
            assert!(!table(std::slice::from_ref(finding)).trim_end().contains('\n'), "{finding:?}");
        }
        assert!(object(&findings)["kernel"]["text"].as_str().is_some_and(|release| release.contains('.')));
    }
}
