//! The kernels that are tried, as Debian packages them for cloud machines.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::archive::{Mirror, Suite};

/// A line of kernels; the newest release of it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Series {
    /// What it is called on the command line and in the snapshot.
    pub(super) name: &'static str,
    /// Suites that may have it, the first to be asked first.
    suites: &'static [&'static str],
    layout: Layout,
}

/// How a release is cut into packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One package, `linux-image-RELEASE`; the release begins with this.
    Whole(&'static str),
    /// `linux-binary-RELEASE` and `linux-modules-RELEASE`.
    Split,
}

/// Every series, oldest first.
pub(super) const SERIES: [Series; 4] = [
    Series { name: "5.10", suites: &["bullseye-security", "bullseye"], layout: Layout::Whole("5.10.") },
    Series { name: "6.1", suites: &["bookworm-security", "bookworm"], layout: Layout::Whole("6.1.") },
    Series {
        name: "6.12",
        suites: &["trixie-security", "trixie", "bookworm-backports"],
        layout: Layout::Whole("6.12."),
    },
    Series { name: "newest", suites: &["unstable"], layout: Layout::Split },
];

const FLAVOUR: &str = "-cloud-amd64";

/// One release, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) series: Series,
    /// What `uname -r` says.
    pub(super) release: String,
    pub(super) image: PathBuf,
    /// Directory of the modules.
    pub(super) modules: PathBuf,
}

impl Series {
    pub(super) fn named(name: &str) -> Result<Self> {
        let names = SERIES.map(|series| series.name).join(", ");
        let found = SERIES.into_iter().find(|series| series.name == name);
        found.with_context(|| format!("no kernel series is called {name:?}: there are {names}"))
    }

    /// The release in `cache`, or the newest of the archive where there is none or `refresh` asks for it.
    pub(super) fn obtain(self, cache: &Path, refresh: bool) -> Result<Kernel> {
        let root = cache.join(self.name);
        if !refresh && let Ok(kernel) = self.unpacked(&root) {
            return Ok(kernel);
        }
        let mirror = Mirror::of_this_machine()?;
        let lists = tempfile::tempdir_in(cache)?;
        let fresh = tempfile::tempdir_in(cache)?;
        let mut complaints = Vec::new();
        for suite in self.suites {
            match self.unpack(&mirror, suite, &lists.path().join(suite), fresh.path()) {
                Ok(()) => {
                    self.unpacked(fresh.path())?;
                    if root.exists() {
                        fs::remove_dir_all(&root)?;
                    }
                    fs::rename(fresh.keep(), &root)?;
                    return self.unpacked(&root);
                }
                Err(error) => complaints.push(format!("{suite}: {error:#}")),
            }
        }
        bail!("no kernel {} from the Debian archive: {}", self.name, complaints.join("; "))
    }

    fn unpack(self, mirror: &Mirror, suite: &str, lists: &Path, root: &Path) -> Result<()> {
        let suite = Suite::fetch(mirror, suite, lists)?;
        let (head, tail) = match self.layout {
            Layout::Whole(release) => ("linux-image-", release),
            Layout::Split => ("linux-binary-", ""),
        };
        let prefix = format!("{head}{tail}");
        let release = newest(&suite.packages(&prefix)?, head)
            .with_context(|| format!("the suite has no package named {prefix}*{FLAVOUR}"))?;
        let packages = match self.layout {
            Layout::Whole(_) => vec![format!("linux-image-{release}")],
            Layout::Split => vec![format!("linux-binary-{release}"), format!("linux-modules-{release}")],
        };
        suite.unpack(&packages, root)
    }

    fn unpacked(self, root: &Path) -> Result<Kernel> {
        for modules in ["lib/modules", "usr/lib/modules"].map(|dir| root.join(dir)) {
            let Ok(mut releases) = fs::read_dir(&modules) else { continue };
            let Some(entry) = releases.next().transpose()? else { continue };
            let release = entry.file_name().into_string().ok().context("a release that is no text")?;
            let modules = entry.path();
            let images = [root.join(format!("boot/vmlinuz-{release}")), modules.join("vmlinuz")];
            let image = images.into_iter().find(|image| image.is_file());
            let image = image.with_context(|| format!("no kernel image of {release}"))?;
            ensure!(modules.join("kernel").is_dir(), "no modules of {release}");
            return Ok(Kernel { series: self, release, image, modules });
        }
        bail!("no kernel in {}", root.display())
    }
}

/// The newest release among package names that begin with `head`.
fn newest(packages: &[String], head: &str) -> Option<String> {
    let releases = packages.iter().filter_map(|package| {
        let release = package.strip_prefix(head)?;
        let version = release.strip_suffix(FLAVOUR)?;
        // neither `unsigned-..` nor the meta packages
        version.starts_with(|first: char| first.is_ascii_digit()).then(|| (numbers(version), release))
    });
    releases.max().map(|(_, release)| release.to_owned())
}

/// The numbers in a release, which order releases of one series.
fn numbers(release: &str) -> Vec<u64> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_release_is_by_number_not_by_letter() {
        let packages = [
            "linux-image-6.12.90+deb13.1-cloud-amd64",
            "linux-image-6.12.117+deb13-cloud-amd64",
            "linux-image-6.12.117+deb13-amd64",
            "linux-image-6.12.94+deb13-cloud-amd64",
            "linux-image-unsigned-6.12.200-cloud-amd64",
        ]
        .map(str::to_owned);
        assert_eq!(newest(&packages, "linux-image-").as_deref(), Some("6.12.117+deb13-cloud-amd64"));
        assert_eq!(newest(&[], "linux-image-"), None);
    }

    #[test]
    fn an_unknown_series_is_refused_with_the_known_ones() {
        let error = Series::named("4.19").expect_err("no such series").to_string();
        assert!(error.contains("5.10, 6.1, 6.12, newest"), "{error}");
    }
}
