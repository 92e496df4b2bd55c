//! Fuzz corpora, replayed.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// Runs `body` on every file of the corpus of `target`, which lies below `package` (`CARGO_MANIFEST_DIR`).
///
/// # Errors
/// Names the files on which it panics; says so when there are none.
pub fn replay(package: &str, target: &str, body: fn(&[u8])) -> Result<()> {
    let folder = Path::new(package).join("fuzz/corpus").join(target);
    let mut paths = files(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    paths.sort();
    ensure!(!paths.is_empty(), "{} is empty", folder.display());
    let mut failed = Vec::new();
    for path in &paths {
        let input = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        if catch_unwind(|| body(&input)).is_err() {
            failed.push(path);
        }
    }
    ensure!(failed.is_empty(), "{} of {} inputs fail: {failed:#?}", failed.len(), paths.len());
    Ok(())
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_fail_are_named_and_a_corpus_without_inputs_is_no_corpus() {
        let package = std::env::temp_dir().join(format!("corpora-{}", std::process::id()));
        let corpus = package.join("fuzz/corpus/letters");
        fs::create_dir_all(&corpus).unwrap();
        let run = || replay(package.to_str().unwrap(), "letters", |input| assert_eq!(input, b"a"));
        assert!(run().unwrap_err().to_string().ends_with("is empty"));
        fs::write(corpus.join("good"), "a").unwrap();
        assert!(run().is_ok());
        fs::write(corpus.join("bad"), "b").unwrap();
        let told = run().unwrap_err().to_string();
        assert!(told.starts_with("1 of 2 inputs fail") && told.contains("/bad"), "{told}");
        fs::remove_dir_all(&package).unwrap();
        assert!(run().unwrap_err().to_string().starts_with("cannot read"));
    }
}
