//! A suite of the Debian archive, read through an apt configuration of its own: nothing is installed, and
//! the machine's own lists and settings stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// Names another mirror than the one that the machine's own apt sources name.
const MIRROR_VARIABLE: &str = "WGTRACE_DEBIAN_MIRROR";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where this machine gets Debian packages from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mirror {
    main: String,
    /// Suites named `-security` live in an archive of their own.
    security: Option<String>,
}

impl Mirror {
    /// Reads the machine's apt sources.
    pub(super) fn of_this_machine() -> Result<Self> {
        if let Ok(main) = std::env::var(MIRROR_VARIABLE) {
            return Ok(Self { main, security: None });
        }
        // asks apt itself, as sources come in two syntaxes and any number of files
        let listed = output(Command::new("apt-get").args(["update", "--print-uris"]))?;
        Self::from_print_uris(&listed).with_context(|| {
            format!("the apt sources of this machine name no Debian archive: set {MIRROR_VARIABLE} to the URI of one")
        })
    }

    fn from_print_uris(listed: &str) -> Option<Self> {
        let suites = listed.lines().filter_map(|line| {
            let uri = line.strip_prefix('\'')?.split_once("/InRelease'")?.0;
            uri.split_once("/dists/")
        });
        let (mut main, mut security) = (None, None);
        for (archive, suite) in suites {
            if suite.ends_with("-security") && archive.contains("debian") {
                security.get_or_insert(archive);
            } else if archive.trim_end_matches('/').ends_with("/debian") {
                main.get_or_insert(archive);
            }
        }
        Some(Self { main: main?.to_owned(), security: security.map(str::to_owned) })
    }

    fn archive_of(&self, suite: &str) -> Result<&str> {
        if suite.ends_with("-security") {
            self.security.as_deref().context("the apt sources of this machine name no security archive")
        } else {
            Ok(&self.main)
        }
    }
}

/// One suite with its package lists fetched.
#[derive(Debug)]
pub(super) struct Suite {
    options: Vec<String>,
}

impl Suite {
    /// Fetches the lists of `suite` into `dir`.
    pub(super) fn fetch(mirror: &Mirror, suite: &str, dir: &Path) -> Result<Self> {
        let archive = mirror.archive_of(suite)?;
        for part in ["lists/partial", "cache/archives/partial", "etc/preferences.d"] {
            fs::create_dir_all(dir.join(part))?;
        }
        fs::write(dir.join("status"), "")?;
        let source = format!("deb [arch=amd64 signed-by={KEYRING}] {archive} {suite} main\n");
        fs::write(dir.join("sources.list"), source)?;
        let within = |key: &str, path: &str| format!("-oDir::{key}={}", dir.join(path).display());
        let fixed = [
            "-oDir::Etc::SourceParts=/dev/null",
            "-oAPT::Architecture=amd64",
            "-oAPT::Architectures=amd64",
            "-oAPT::Sandbox::User=root",
            "-oAPT::Update::Error-Mode=any",
            // signatures are verified all the same: a mirror that lags offers an older kernel to a virtual machine
            "-oAcquire::Check-Valid-Until=false",
            "-oAcquire::Languages=none",
            "-oAcquire::Retries=2",
            "-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "-oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
        ];
        let options = [
            within("State", ""),
            within("State::Lists", "lists"),
            within("State::status", "status"),
            within("Cache", "cache"),
            within("Etc", "etc"),
            within("Etc::SourceList", "sources.list"),
        ];
        let suite = Self { options: options.into_iter().chain(fixed.map(str::to_owned)).collect() };
        output(suite.apt("apt-get").args(["-qq", "update"]))?;
        Ok(suite)
    }

    /// Names of packages that begin with `prefix`.
    pub(super) fn packages(&self, prefix: &str) -> Result<Vec<String>> {
        let names = output(self.apt("apt-cache").args(["pkgnames", prefix]))?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Downloads `packages`, whose checksums apt compares with the signed lists, and unpacks them into `root`.
    pub(super) fn unpack(&self, packages: &[String], root: &Path) -> Result<()> {
        let downloads = tempfile::tempdir_in(root)?;
        output(self.apt("apt-get").args(["-qq", "download"]).args(packages).current_dir(&downloads))?;
        let files: Vec<PathBuf> =
            fs::read_dir(&downloads)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        ensure!(files.len() == packages.len(), "apt downloaded {files:?} for {packages:?}");
        for file in files {
            output(Command::new("dpkg").arg("-x").args([&file, root]))?;
        }
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.options);
        command
    }
}

/// Runs `command` and returns what it printed.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_those_of_the_machines_sources() {
        let listed = "\
'https://packages.example/apt/dists/stable/InRelease' packages.example_apt_dists_stable_InRelease 0
'http://mirror.example/debian/dists/bookworm/InRelease' mirror.example_debian_dists_bookworm_InRelease 0
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' some_Packages 0
'http://mirror.example/debian-security/dists/bookworm-security/InRelease' some_InRelease 0
";
        let mirror = Mirror::from_print_uris(listed).expect("a mirror");
        assert_eq!(mirror.archive_of("unstable").ok(), Some("http://mirror.example/debian"));
        assert_eq!(mirror.archive_of("trixie-security").ok(), Some("http://mirror.example/debian-security"));
        assert_eq!(
            Mirror::from_print_uris("'https://packages.example/apt/dists/stable/InRelease' x 0\n"),
            None
        );
    }
}
