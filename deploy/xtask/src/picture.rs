//! `cargo xtask picture`: the README's picture, drawn from the real TUI on a lab with traffic.

mod svg;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use wgtrace_testbed::Terminal;

use crate::cluster::Cluster;
use crate::programs;

/// Arguments of `cargo xtask picture`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write it.
    #[arg(long, value_name = "FILE", default_value = "tui/picture.svg")]
    output: PathBuf,

    /// Rows and columns of the terminal.
    #[arg(long, num_args = 2, value_names = ["ROWS", "COLUMNS"], default_values_t = [22, 158])]
    size: Vec<u16>,

    /// What to type before it is drawn.
    #[arg(long, value_name = "KEYS", default_value = "")]
    keys: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "the lab is made of network namespaces: run this as root");
    let cluster = Cluster::up_with(&programs::build()?, "picture", &["--traffic"])?;
    let drawn = draw(&cluster, args)?;
    fs::write(&args.output, drawn).with_context(|| format!("cannot write {}", args.output.display()))
}

fn draw(cluster: &Cluster, args: &Args) -> Result<String> {
    let mut tui = Command::new(cluster.programs.join("wgtrace"));
    tui.arg("tui").env("COLORTERM", "truecolor").env_remove("NO_COLOR");
    for node in cluster.lab.nodes() {
        tui.arg("--server").arg(node.socket());
    }
    let [rows, columns] = args.size.as_slice() else { unreachable!("clap counts them") };
    let mut terminal = Terminal::start(&mut tui, (*rows, *columns))?;
    terminal.wait_for_text("ENCRYPTED", PATIENCE)?;
    terminal.send(args.keys.as_bytes())?;
    // rates want a few seconds
    let settled = terminal.wait_for("nothing", SETTLED, |_| false);
    ensure!(settled.is_err(), "the screen was to be watched for a while");
    let svg = svg::of(terminal.screen());
    terminal.send(b"q")?;
    let status = terminal.wait_for_end(PATIENCE)?;
    ensure!(status.success(), "wgtrace tui: {status}");
    Ok(svg)
}

const PATIENCE: Duration = Duration::from_secs(30);
const SETTLED: Duration = Duration::from_secs(6);
