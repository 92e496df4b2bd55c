//! `wgtrace completions` and `wgtrace man`: made from the definition of the command line itself.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::io;

/// What `wgtrace completions` takes.
#[derive(Debug, Args)]
#[command(after_help = "Where they go: ~/.local/share/bash-completion/completions/wgtrace, \
~/.config/fish/completions/wgtrace.fish, or _wgtrace in a directory of zsh's $fpath.")]
pub(crate) struct CompletionsArgs {
    /// Whose completions to print.
    #[arg(value_enum)]
    shell: Shell,
}

/// What `wgtrace man` takes.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Directory that gets a page for every command [default: the page of `wgtrace` itself, to standard output].
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Runs `wgtrace completions`.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), PROGRAM, &mut script);
    io::print(&String::from_utf8(script).context("a completion script")?)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `wgtrace man`.
pub(crate) fn man(args: &ManArgs) -> Result<ExitCode> {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command().disable_help_subcommand(true)).render(&mut page)?;
        io::print(&String::from_utf8(page).context("a man page")?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let context = || format!("cannot write man pages to {}", directory.display());
    match std::fs::create_dir(directory) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error).with_context(context),
        _ => {}
    }
    clap_mangen::generate_to(Cli::command(), directory).with_context(context)?;
    Ok(ExitCode::SUCCESS)
}

const PROGRAM: &str = "wgtrace";
