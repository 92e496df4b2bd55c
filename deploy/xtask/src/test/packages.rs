//! What tests need from Debian packages: the one place that says so.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::ring::{Ring, skipped};

/// A program that tests run, or a file that one of them reads.
#[derive(Debug)]
struct Need {
    /// Its name on the path, or where it is.
    program: &'static str,
    package: &'static str,
    /// What it is there for.
    purpose: &'static str,
    /// Tests that run it.
    rings: &'static [Ring],
    /// Whether they do without it where `WGTRACE_SKIP` names it.
    is_dispensable: bool,
}

const NEEDS: [Need; 14] = [
    dispensable(
        "tshark",
        "tshark",
        "opens what we write, reads what we read",
        &[Ring::Workspace, Ring::Netns],
    ),
    dispensable("tcpdump", "tcpdump", "reads what we stream, captures what we send", ALL_OURS),
    need("jq", "jq", "reads --json, as scripts do", &[Ring::Netns]),
    need("ip", "iproute2", "shows a node's network, and changes it behind our back", &[Ring::Netns]),
    need("ping", "iputils-ping", "pings as we do", &[Ring::Netns]),
    dispensable("wireguard-go", "wireguard-go", "is the device at the far end of the tunnel", &[Ring::Netns]),
    need("wg", "wireguard-tools", "shows our device, configures the kernel's", &[Ring::Netns, Ring::Vm]),
    dispensable(
        "nft",
        "nftables",
        "lists the tables that we write, writes those that we read",
        &[Ring::Netns],
    ),
    need("/etc/protocols", "netbase", "has the names of protocols that nft writes", &[Ring::Netns]),
    dispensable("conntrack", "conntrack", "lists the connections that we list", &[Ring::Netns]),
    need("qemu-system-x86_64", "qemu-system-x86", "runs other kernels", &[Ring::Vm]),
    need("xz", "xz-utils", "unpacks their modules", &[Ring::Vm]),
    need("apt-get", "apt", "fetches the kernels", &[Ring::Vm]),
    need("ldd", "libc-bin", "tells the libraries of what is taken along", &[Ring::Vm]),
];

const ALL_OURS: &[Ring] = &[Ring::Workspace, Ring::Readme, Ring::Netns];

const fn need(
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
    rings: &'static [Ring],
) -> Need {
    Need { program, package, purpose, rings, is_dispensable: false }
}

const fn dispensable(
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
    rings: &'static [Ring],
) -> Need {
    Need { is_dispensable: true, ..need(program, package, purpose, rings) }
}

/// How it is with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    There,
    Skipped,
    Missing,
}

impl Need {
    fn found(&self) -> Found {
        if on_path(self.program).is_some() || self.is_named_elsewhere() {
            Found::There
        } else if self.is_dispensable && skipped(self.program) {
            Found::Skipped
        } else {
            Found::Missing
        }
    }

    fn is_named_elsewhere(&self) -> bool {
        self.program == "wireguard-go" && std::env::var_os("WGTRACE_WIREGUARD_GO").is_some()
    }
}

/// Says what these rings need and what of it is missing, and installs that where it is asked to.
///
/// # Errors
/// When something is missing then; with the ways out.
pub(crate) fn provide(rings: &[Ring], install: bool) -> Result<()> {
    let needs: Vec<&Need> =
        NEEDS.iter().filter(|need| need.rings.iter().any(|ring| rings.contains(ring))).collect();
    print!("{}", listed(&needs, Need::found));
    let missing = || needs.iter().copied().filter(|need| need.found() == Found::Missing).collect::<Vec<_>>();
    if install && !missing().is_empty() {
        install_packages(&packages(&missing()))?;
    }
    let missing = missing();
    ensure!(missing.is_empty(), "{}", ways_out(&missing));
    Ok(())
}

fn listed(needs: &[&Need], found: impl Fn(&Need) -> Found) -> String {
    let mut text = String::from("these tests need, from Debian packages:\n");
    for need in needs {
        let state = match found(need) {
            Found::There => "there",
            Found::Skipped => "WGTRACE_SKIP does without",
            Found::Missing => "MISSING",
        };
        let Need { program, package, purpose, .. } = need;
        let _ = writeln!(text, "  {program:<18} {package:<15} {state:<8} {purpose}");
    }
    text
}

/// In words of a shell.
fn packages(missing: &[&Need]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn ways_out(missing: &[&Need]) -> String {
    let programs: Vec<&str> = missing.iter().map(|need| need.program).collect();
    let dispensable: Vec<&str> =
        missing.iter().filter(|need| need.is_dispensable).map(|need| need.program).collect();
    let mut text = format!(
        "missing: {}; as root, --install brings them, or `apt-get install --no-install-recommends {}`",
        programs.join(", "),
        packages(missing).join(" ")
    );
    if !dispensable.is_empty() {
        let _ = write!(text, "; WGTRACE_SKIP={} does without", dispensable.join(","));
    }
    text
}

fn install_packages(packages: &[&str]) -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "--install needs root, or somebody who runs `apt-get install {}`",
        packages.join(" ")
    );
    println!("installing {}", packages.join(", "));
    let update: &[&str] = &["update", "-qq"];
    let install = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    for arguments in [update, &install] {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        let status = apt.status().context("cannot start apt-get")?;
        ensure!(status.success(), "apt-get {}: {status}", arguments.join(" "));
    }
    Ok(())
}

/// The program of that name that a shell would run.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package_and_the_ways_out() {
        let needs: Vec<&Need> = NEEDS.iter().filter(|need| ["nft", "xz"].contains(&need.program)).collect();
        let found = |need: &Need| if need.program == "xz" { Found::There } else { Found::Missing };
        let expected = "these tests need, from Debian packages:\n  \
            nft                nftables        MISSING  lists the tables that we write, writes those that we read\n  \
            xz                 xz-utils        there    unpacks their modules\n";
        assert_eq!(listed(&needs, found), expected);
        let expected = "missing: nft, xz; as root, --install brings them, or \
            `apt-get install --no-install-recommends nftables xz-utils`; WGTRACE_SKIP=nft does without";
        assert_eq!(ways_out(&needs), expected);
    }

    #[test]
    fn every_program_is_named_once() {
        let mut programs: Vec<&str> = NEEDS.iter().map(|need| need.program).collect();
        programs.sort_unstable();
        programs.dedup();
        assert_eq!(programs.len(), NEEDS.len());
    }
}
