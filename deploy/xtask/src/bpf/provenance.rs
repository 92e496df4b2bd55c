use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSymbol as _, SymbolKind};
use ring::digest::{SHA256, digest};

use super::build::{FLAGS, TARGET};
use super::tools::Tools;

/// Where an object comes from, one fact a line.
pub(super) struct Provenance(Vec<(String, String)>);

impl Provenance {
    /// Of `object`, which was built with `tools`.
    pub(super) fn new(tools: &Tools, object: &[u8]) -> Result<Self> {
        let mut hash = String::new();
        digest(&SHA256, object).as_ref().iter().try_for_each(|byte| write!(hash, "{byte:02x}"))?;
        let mut facts = vec![
            ("compiler".to_owned(), format!("{}, LLVM {}", tools.rustc, tools.llvm)),
            ("linker".to_owned(), tools.linker.clone()),
            ("target".to_owned(), TARGET.to_owned()),
            ("flags".to_owned(), FLAGS.join(" ")),
            ("sha256".to_owned(), hash),
            ("bytes".to_owned(), object.len().to_string()),
        ];
        let file = object::File::parse(object).context("no ELF file")?;
        let mut programs: Vec<_> =
            file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text).collect();
        programs.sort_by_key(|program| program.name().unwrap_or_default());
        for program in programs {
            facts
                .push((program.name()?.to_owned(), format!("{} instructions", program.size() / INSTRUCTION)));
        }
        Ok(Self(facts))
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| writeln!(out, "{name}: {value}"))
    }
}

/// Lines of `noted` that are not in `now`, and the other way round.
pub(super) fn differences(noted: &str, now: &str) -> Vec<String> {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) = (noted.lines().collect(), now.lines().collect());
    let gone = before.difference(&after).map(|line| format!("PROVENANCE has {line:?}"));
    let new = after.difference(&before).map(|line| format!("PROVENANCE lacks {line:?}"));
    gone.chain(new).collect()
}

/// Bytes of a BPF instruction.
const INSTRUCTION: u64 = 8;
