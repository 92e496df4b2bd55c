//! Completions and man pages, word for word. `WGTRACE_BLESS=1` writes down what they are now.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::program::{finish, run, wgtrace};

/// Compares with what is written down in `tests/e2e/FOLDER`.
fn is_written_down(folder: &str, name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e").join(folder).join(name);
    if std::env::var_os("WGTRACE_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, written, "{} (WGTRACE_BLESS=1 to accept)", file.display());
}

#[test]
fn completions_are_what_is_written_down() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(["completions", shell]).exits(0);
        is_written_down("completions", shell, ran.text());
    }
}

#[test]
fn shells_take_their_completions() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    fs::write(&script, run(["completions", "bash"]).exits(0).stdout).unwrap();
    finish(std::process::Command::new("bash").arg("-n").arg(&script), &[]).exits(0);
}

#[test]
fn man_pages_are_what_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    run([Path::new("man"), &pages]).exits(0);
    let read = |entry: Result<fs::DirEntry, _>| {
        let path: std::path::PathBuf = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
    };
    let mut names = BTreeSet::new();
    for (name, text) in fs::read_dir(&pages).unwrap().map(read) {
        is_written_down("man", &name, &text);
        names.insert(name);
    }
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/man");
    let written: BTreeSet<_> = fs::read_dir(written).unwrap().map(|entry| read(entry).0).collect();
    assert_eq!(names, written, "pages that nobody makes any more");
    assert!(names.contains("wgtrace-observe.1"));
    let one = run(["man"]).exits(0);
    assert_eq!(one.text(), fs::read_to_string(pages.join("wgtrace.1")).unwrap());
}

#[test]
fn man_pages_have_a_directory_or_say_why_not() {
    let ran = finish(&mut wgtrace(["man", "/proc/nowhere/man"]), &[]).exits(1);
    assert!(ran.stderr.contains("cannot write man pages to /proc/nowhere/man"), "{}", ran.stderr);
}
