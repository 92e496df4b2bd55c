//! `cargo xtask bpf`: the kernel programs, built so that anybody gets the same bytes.

mod build;
mod object;
mod provenance;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use provenance::Provenance;
use tools::Tools;

/// Arguments of `cargo xtask bpf`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when the committed object is not what would be written.
    #[arg(long)]
    check: bool,
    /// The workspace, if not the one that this program was built in.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))]
    workspace: PathBuf,
}

/// Builds the object, and writes it or compares it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = args.workspace.canonicalize().with_context(|| format!("no {}", args.workspace.display()))?;
    let tools = Tools::find(&root)?;
    let built = object::strip(&build::build(&root, &tools)?)?;
    let provenance = Provenance::new(&tools, &built)?.to_string();
    let folder = root.join("bpf/prebuilt");
    let (object, text) = (folder.join("wgtrace.bpf.o"), folder.join("PROVENANCE"));
    if args.check {
        return compare(&object, &built, &text, &provenance);
    }
    fs::create_dir_all(&folder)?;
    write(&object, &built)?;
    write(&text, provenance.as_bytes())?;
    print!("{provenance}");
    Ok(())
}

/// By renaming, so that a build beside this one never embeds half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn compare(object: &Path, built: &[u8], text: &Path, provenance: &str) -> Result<()> {
    let committed = fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
    let mut wrong = object::differences(&committed, built);
    let noted = fs::read_to_string(text).with_context(|| format!("cannot read {}", text.display()))?;
    wrong.extend(provenance::differences(&noted, provenance));
    if wrong.is_empty() {
        println!("{} bytes as they should be", built.len());
        return Ok(());
    }
    bail!("not as `cargo xtask bpf` builds it:\n  {}", wrong.join("\n  "))
}
