//! Modules that the tests need, and those that they need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use object::{Object as _, ObjectSection as _};

/// What the tests put to work; what a kernel has built in needs no module.
const NEEDED: [&str; 8] =
    ["veth", "tun", "8021q", "sch_ingress", "cls_bpf", "act_gact", "af_packet", "wireguard"];

/// A module, ready to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) image: Vec<u8>,
}

/// The needed modules out of `dir`, each behind those that it depends on.
pub(super) fn in_load_order(dir: &Path) -> Result<Vec<Module>> {
    let mut files = BTreeMap::new();
    collect(&dir.join("kernel"), &mut files)?;
    let mut loading = Loading { files, order: vec![] };
    for needed in NEEDED {
        loading.load(needed, 0)?;
    }
    Ok(loading.order)
}

struct Loading {
    files: BTreeMap<String, PathBuf>,
    order: Vec<Module>,
}

impl Loading {
    fn load(&mut self, name: &str, depth: usize) -> Result<()> {
        ensure!(depth < 32, "modules depend on each other in a circle at {name}");
        if self.order.iter().any(|module| module.name == name) {
            return Ok(());
        }
        // what has no file is built in; not every release lists what is, and the checks find out anyway
        let Some(file) = self.files.get(name) else { return Ok(()) };
        let image = decompressed(file)?;
        for dependency in dependencies(&image).with_context(|| format!("cannot read {}", file.display()))? {
            self.load(&dependency, depth + 1)?;
        }
        self.order.push(Module { name: name.to_owned(), image });
        Ok(())
    }
}

fn collect(dir: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.insert(name(&entry.path()), entry.path());
        }
    }
    Ok(())
}

/// The name that the kernel knows the module in this file by.
fn name(file: &Path) -> String {
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    file.split_once(".ko").map_or(&*file, |(stem, _)| stem).replace('-', "_")
}

fn decompressed(file: &Path) -> Result<Vec<u8>> {
    if file.extension().is_some_and(|extension| extension == "ko") {
        return fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    ensure!(
        file.extension().is_some_and(|extension| extension == "xz"),
        "{} is neither plain nor compressed by xz",
        file.display()
    );
    let output =
        Command::new("xz").arg("-dc").arg(file).stdin(Stdio::null()).output().context("cannot run xz")?;
    ensure!(output.status.success(), "xz: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}

/// Names after `depends=` in a module's `.modinfo` section, whose strings end with a zero.
fn dependencies(image: &[u8]) -> Result<Vec<String>> {
    let elf = object::File::parse(image).context("not an ELF file")?;
    let section = elf.section_by_name(".modinfo").context("no .modinfo section")?;
    let strings = section.data()?.split(|byte| *byte == 0);
    let depends = strings.filter_map(|string| str::from_utf8(string).ok()?.strip_prefix("depends="));
    let names = depends.flat_map(|names| names.split(',')).filter(|name| !name.is_empty());
    Ok(names.map(|name| name.replace('-', "_")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_file_name() {
        assert_eq!(name(Path::new("kernel/net/sched/sch_ingress.ko.xz")), "sch_ingress");
        assert_eq!(name(Path::new("kernel/crypto/chacha-x86_64.ko")), "chacha_x86_64");
    }
}
