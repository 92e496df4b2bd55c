//! `wgtraced datapath`: what is off in this node's network, and putting it right.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::intent::PodDevice;
use super::nat::{self, Nat, Table};
use super::{Change, Desired, Difference, Finding, Kernel, settle};
use crate::config::Config;
use crate::netns::Netns;
use crate::registry::{Directory, Roster};

/// What `wgtraced datapath` takes.
#[derive(Debug, Args)]
pub struct DatapathArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DatapathCommand,
}

/// What can be done with the datapath.
#[derive(Debug, Subcommand)]
pub enum DatapathCommand {
    /// Say what is off in this node's network; change nothing.
    #[command(after_help = DIFF_HELP)]
    Diff(NodeArgs),
    /// Put this node's network right, as far as it is ours.
    #[command(after_help = APPLY_HELP)]
    Apply(NodeArgs),
}

/// Which node, and how to tell about it.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The node's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/wgtrace/wgtraced.toml")]
    pub config: PathBuf,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// When nothing can be told, or a step failed.
pub fn run(args: &DatapathArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        match &args.command {
            DatapathCommand::Diff(args) => diff(args).await,
            DatapathCommand::Apply(args) => apply(args).await,
        }
    })
}

async fn diff(args: &NodeArgs) -> Result<ExitCode> {
    let Node { kernel, desired, table } = Node::of(args).await?;
    let difference = Difference::between(&desired, &kernel.observe(&desired).await?);
    let translation = Nat::open()?.compare(&table)?;
    tell(args, &difference.changes, &translation, &difference.findings)?;
    let is_right = difference.is_empty() && translation.is_empty();
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::from(EXIT_OFF) })
}

async fn apply(args: &NodeArgs) -> Result<ExitCode> {
    let Node { kernel, desired, table } = Node::of(args).await?;
    let settled = match settle(&kernel, &desired).await {
        Ok(settled) => settled,
        Err(error) => {
            tell(args, error.applied(), &[], &[])?;
            return Err(error.into());
        }
    };
    let mut nat = Nat::open()?;
    let translation = nat.compare(&table)?;
    nat.apply(&table)?;
    tell(args, &settled.applied, &translation, &settled.findings)?;
    Ok(if settled.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_OFF) })
}

/// The node of this namespace, and what it is to be.
struct Node {
    kernel: Kernel,
    desired: Desired,
    table: Table,
}

impl Node {
    async fn of(args: &NodeArgs) -> Result<Self> {
        let config = Config::load(&args.config)?;
        let roster = roster(&config)?;
        for (entry, refusal) in roster.refused() {
            tracing::warn!(%entry, %refusal, "registry entry refused");
        }
        let kernel = Kernel::open(Netns::current()?)?;
        let links = kernel.links().await?;
        let mtu = links.get(&config.device).map_or(ETHERNET_MTU, |link| link.mtu);
        // Who is whose pod only the daemon knows; what is named like a pod's device is taken for one. One that is down may
        // wait for its programs: it is not for us to let it pass packets without.
        let pods = links.iter().filter(|(name, link)| name.as_str().starts_with("lxc") && link.up);
        let pods = pods.map(|(name, link)| PodDevice { name: name.clone(), index: Some(link.index) });
        let desired = Desired::of(&config.intent(mtu, roster.remotes(), pods.collect()));
        let table = config.nat(&roster).table()?;
        Ok(Self { kernel, desired, table })
    }
}

fn roster(config: &Config) -> Result<Roster> {
    Ok(Directory::read(&config.registry_directory, config.policy(), config.entry(None))?)
}

fn tell(
    args: &NodeArgs,
    changes: &[Change],
    translation: &[nat::Difference],
    findings: &[Finding],
) -> Result<()> {
    let lines: Vec<String> = if args.json {
        let tables = translation.iter().map(|it| json!({"translation": it.table, "text": it.to_string()}));
        let values = changes.iter().map(Change::value).chain(tables);
        values.chain(findings.iter().map(Finding::value)).map(|value: Value| value.to_string()).collect()
    } else {
        // Comments to a shell, as the steps are commands to it. A table is written as a whole, by no command.
        let tables = translation.iter().map(|it| format!("# {it}"));
        let findings = findings.iter().map(|finding| format!("# {finding}"));
        changes.iter().map(ToString::to_string).chain(tables).chain(findings).collect()
    };
    let mut stdout = io::stdout().lock();
    for line in lines {
        match writeln!(stdout, "{line}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("cannot write")?,
        }
    }
    Ok(())
}

/// Something is off.
const EXIT_OFF: u8 = 1;
/// What the node's device has, where it is not there to be asked.
const ETHERNET_MTU: u32 = 1500;

const DIFF_HELP: &str = "\
Prints the commands that would put it right, in their order, and what somebody else has to do as comments.

Exit status: 0 nothing is off; 1 something is; 2 it cannot be told.";

const APPLY_HELP: &str = "\
Prints the commands that would have done the same, and what is left for somebody else to do as comments.

Exit status: 0 all is as it is to be; 1 something is left; 2 a step failed, or it cannot be told.";
