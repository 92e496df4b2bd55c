//! Programs of this machine that run inside, with the libraries that they need.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::archive::output;
use crate::test::packages::on_path;

/// A program and its libraries by path inside, ready to run.
#[derive(Debug)]
pub(super) struct Tool(BTreeMap<String, Vec<u8>>);

impl Tool {
    /// The program of that name on the PATH, to be found inside at `/bin`.
    pub(super) fn find(name: &str) -> Result<Self> {
        let path = on_path(name).with_context(|| format!("there is no program {name} on the PATH"))?;
        let linked = output(Command::new("ldd").arg(&path))?;
        let mut files = BTreeMap::from([(format!("bin/{name}"), read(&path)?)]);
        for library in libraries(&linked)? {
            files.insert(library.trim_start_matches('/').to_owned(), read(Path::new(library))?);
        }
        Ok(Self(files))
    }

    /// Its files by path inside, which begins with no slash.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }
}

/// Paths out of what `ldd` prints: `name => path (address)`, or `path (address)` for the dynamic linker.
fn libraries(linked: &str) -> Result<Vec<&str>> {
    let mut paths = Vec::new();
    for line in linked.lines() {
        let (_, place) = line.split_once("=>").unwrap_or(("", line));
        ensure!(!place.contains("not found"), "a library is missing: {}", line.trim());
        // the kernel's own has no file
        paths.extend(place.split_whitespace().next().filter(|place| place.starts_with('/')));
    }
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_linker_are_named_and_what_is_missing_is_an_error() {
        let linked = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let paths = libraries(linked).expect("paths");
        assert_eq!(paths, ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
        assert!(libraries("\tlibmnl.so.0 => not found\n").is_err());
    }
}
