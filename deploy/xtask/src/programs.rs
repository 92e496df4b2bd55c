//! The project's own programs, and its tests as programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Builds all of them; the directory that they are in.
pub(crate) fn build() -> Result<PathBuf> {
    build_with(&[])
}

/// The same as they are shipped.
pub(crate) fn build_release() -> Result<PathBuf> {
    build_with(&["--release"])
}

fn build_with(more: &[&str]) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--bins", "--message-format", "json-render-diagnostics"]).args(more);
    // the workspace's default members are the programs
    cargo.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo build gave up: {}", output.status);
    // One message a line; a program's names a file to run.
    let program = output.stdout.split(|byte| *byte == b'\n').find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    let program = program.context("cargo names no program")?;
    Ok(program.parent().context("a program in no directory")?.to_owned())
}

/// What `cargo test --workspace` builds: the same files, so that nothing is built twice.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// The directory of the programs.
    pub(crate) programs: PathBuf,
    /// Test binaries, by package and name.
    tests: BTreeMap<(String, String), Test>,
}

/// A test binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    executable: PathBuf,
    /// Its package's.
    directory: PathBuf,
}

impl Tests {
    /// Builds them.
    pub(crate) fn build() -> Result<Self> {
        let mut cargo = cargo();
        cargo.args(["test", "--workspace", "--no-run", "--quiet"]);
        cargo.args(["--message-format", "json-render-diagnostics"]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        ensure!(output.status.success(), "cargo test --no-run gave up: {}", output.status);
        let mut built = Self::default();
        for line in output.stdout.split(|byte| *byte == b'\n') {
            if let Some(artifact) = Artifact::of(line) {
                built.add(artifact);
            }
        }
        ensure!(built.programs != Path::new(""), "cargo names no program");
        Ok(built)
    }

    fn add(&mut self, artifact: Artifact) {
        let Artifact { package, kind, name, test } = artifact;
        match kind.as_str() {
            "test" => drop(self.tests.insert((package, name), test)),
            "bin" if name == "wgtraced" => {
                self.programs = test.executable.parent().map(Path::to_owned).unwrap_or_default();
            }
            _ => {}
        }
    }

    /// The command that runs a test binary as cargo does.
    pub(crate) fn command(&self, package: &str, test: &str) -> Result<Command> {
        let found = self.tests.get(&(package.to_owned(), test.to_owned()));
        let Test { executable, directory } =
            found.with_context(|| format!("{package} has no tests `{test}`"))?;
        let mut command = Command::new(executable);
        command.current_dir(directory).env("CARGO_MANIFEST_DIR", directory);
        Ok(command)
    }
}

/// A file to run, as cargo tells of it.
#[derive(Debug, PartialEq, Eq)]
struct Artifact {
    package: String,
    kind: String,
    name: String,
    test: Test,
}

impl Artifact {
    /// Reads a line of cargo's; `None` for what is no program (cargo reference, "External tools").
    fn of(line: &[u8]) -> Option<Self> {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        let executable = PathBuf::from(message.get("executable")?.as_str()?);
        let target = message.get("target")?;
        let kind = target.get("kind")?.get(0)?.as_str()?;
        let is_test = message.get("profile")?.get("test")?.as_bool()?;
        if kind == "bin" && is_test {
            return None;
        }
        let directory = Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_owned();
        // `path+file:///a/lab#wgtrace-lab@0.1.0`, or `path+file:///a/xtask#0.1.0` where the directory has its name
        let (place, named) = message.get("package_id")?.as_str()?.rsplit_once('#')?;
        let package =
            named.split_once('@').map_or_else(|| place.rsplit('/').next(), |(name, _)| Some(name))?;
        Some(Self {
            package: package.to_owned(),
            kind: kind.to_owned(),
            name: target.get("name")?.as_str()?.to_owned(),
            test: Test { executable, directory },
        })
    }
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_programs_are_told_from_the_rest() {
        let line = |id: &str, kind: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/a/lab/Cargo.toml","target":{{"kind":["{kind}"],"name":"leak"}},"profile":{{"test":{test}}},"executable":"/t/debug/deps/leak-1"}}"#
            )
        };
        let read = |id: &str, kind: &str, test: bool| Artifact::of(line(id, kind, test).as_bytes());
        let named = read("path+file:///a/lab#wgtrace-lab@0.1.0", "test", true).unwrap();
        assert_eq!((named.package.as_str(), named.name.as_str()), ("wgtrace-lab", "leak"));
        assert_eq!(named.test.directory, Path::new("/a/lab"));
        assert_eq!(read("path+file:///a/lab#0.1.0", "test", true).unwrap().package, "lab");
        assert_eq!(read("path+file:///a/lab#0.1.0", "bin", false).unwrap().kind, "bin");
        assert_eq!(read("path+file:///a/lab#0.1.0", "bin", true), None, "a program's unit tests");
        assert_eq!(Artifact::of(br#"{"reason":"build-finished","success":true}"#), None);
    }
}
