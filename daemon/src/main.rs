//! `wgtraced`: the node daemon.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;
use wgtraced::cli::{Cli, Command, EXIT_ERROR, EXIT_MISUSE, EXIT_UNKNOWN};
use wgtraced::{config, datapath, node, report, trace, wireguard};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Ok(filter) = EnvFilter::try_new(&cli.log) else {
        complain(&format!("`{}` is no level and no directives for --log: try warn, info, debug", cli.log));
        return ExitCode::from(EXIT_MISUSE);
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(
            std::env::var_os("NO_COLOR").is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr()),
        )
        .init();
    let failure = if matches!(cli.command, Command::Datapath(_)) { EXIT_UNKNOWN } else { EXIT_ERROR };
    let result = match cli.command {
        Command::Trace(args) => trace::run(&args),
        Command::Probe(args) => report::run(&args),
        Command::Run(args) => node::run(&args),
        Command::Cleanup(args) => node::cleanup(&args),
        Command::Config(args) => config::command::run(&args),
        Command::Datapath(args) => datapath::command::run(&args),
        Command::WgUser(args) => wireguard::command::run(&args),
    };
    result.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::from(failure)
    })
}

/// Names of interfaces and files are part of it: control characters in them would speak to the terminal.
fn complain(text: &str) {
    let text: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "wgtraced: {text}");
}
