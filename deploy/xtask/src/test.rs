//! `cargo xtask test`: everything that can be tested on this machine, or one ring of it.

mod netns;
mod packages;
mod readme;
mod ring;
mod totals;
mod vm;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Subcommand;

use self::ring::{LeftOut, Ring};

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "WGTRACE_SKIP names, with commas, rings to leave out and programs to do without.\n\n\
Exit status: 0 everything that was to run ran, and passed; 1 something failed or is missing; 2 a mistake on the \
command line; 3 what ran passed, and some was left out that WGTRACE_SKIP does not name.")]
pub(crate) struct Args {
    /// Install the Debian packages that are missing, as root.
    #[arg(long, global = true)]
    install: bool,

    /// One ring alone; all that can run here, if none is named.
    #[command(subcommand)]
    ring: Option<One>,
}

#[derive(Debug, Subcommand)]
enum One {
    /// What needs no privileges: `cargo test --workspace`.
    Workspace,
    /// The documents' sessions and command lines; those with a lab need root.
    Readme,
    /// Real programs on real devices, in network namespaces of their own; needs root.
    Netns(netns::Args),
    /// A lab that lasts for two minutes; `cargo xtask soak` has it last longer. Needs root.
    Soak,
    /// The object on other kernels, in virtual machines.
    Vm(vm::Args),
}

impl One {
    fn ring(&self) -> Ring {
        match self {
            Self::Workspace => Ring::Workspace,
            Self::Readme => Ring::Readme,
            Self::Netns(_) => Ring::Netns,
            Self::Soak => Ring::Soak,
            Self::Vm(_) => Ring::Vm,
        }
    }
}

impl Args {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let Some(one) = self.ring else { return all(self.install) };
        packages::provide(&[one.ring()], self.install)?;
        match one {
            One::Netns(args) => netns::run(&args)?,
            One::Vm(args) => vm::run(&args)?,
            One::Workspace | One::Readme | One::Soak => one.ring().run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs every ring that can run here, to its end, whatever becomes of the others.
fn all(install: bool) -> Result<ExitCode> {
    let is_root = rustix::process::geteuid().is_root();
    let plan = Ring::ALL.map(|ring| (ring, ring.left_out(is_root)));
    for (ring, left_out) in &plan {
        let what = left_out.map_or_else(|| "runs".to_owned(), |why| why.to_string());
        println!("{:<10} {what}", ring.name());
    }
    println!("{}", conformance()?);
    let rings: Vec<Ring> =
        plan.iter().filter(|(_, left_out)| left_out.is_none()).map(|(ring, _)| *ring).collect();
    packages::provide(&rings, install)?;
    let mut told = Vec::new();
    let mut failed = Vec::new();
    for (ring, left_out) in plan {
        let name = ring.name();
        let Some(why) = left_out else {
            println!("\n=== {name}");
            let start = Instant::now();
            let ended = ring.run();
            let took = seconds(start.elapsed());
            told.push(match ended {
                Ok(()) => format!("{name:<10} passed in {took} s"),
                Err(error) => {
                    failed.push(name);
                    format!("{name:<10} FAILED after {took} s: {error:#}")
                }
            });
            continue;
        };
        told.push(format!("{name:<10} {why}"));
    }
    told.push(conformance()?);
    println!("\n=== rings\n{}", told.join("\n"));
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    let is_whole = plan.iter().all(|(_, left_out)| *left_out != Some(LeftOut::NeedsRoot));
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(LEFT_OUT) })
}

/// What is known of captures from elsewhere, which are not part of the project.
fn conformance() -> Result<String> {
    let Some(folder) = std::env::var_os("WGTRACE_CONFORMANCE").map(PathBuf::from) else {
        return Ok("captures from elsewhere: not tested, WGTRACE_CONFORMANCE names no folder".to_owned());
    };
    ensure!(folder.is_dir(), "WGTRACE_CONFORMANCE: {} is no folder", folder.display());
    Ok(format!("captures from elsewhere: {}", folder.display()))
}

fn seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

/// What ran passed, and not all ran.
const LEFT_OUT: u8 = 3;
