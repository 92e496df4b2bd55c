//! `wgtrace`: see what WireGuard hides, with the keys that are yours.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a program, not a core: it has files, threads and a clock")]

mod capture;
mod cli;
mod client;
mod config;
mod decrypt;
mod io;
mod keys;
mod lab;
mod observe;
mod peers;
mod record;
mod recording;
mod shell;
mod status;
mod stop;
mod tui;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command, KeysCommand, Misuse};

fn main() -> ExitCode {
    let arguments = cli::joined(std::env::args_os(), client::is_lab);
    let result = match Cli::parse_from(arguments).command {
        Command::Decrypt(args) => decrypt::run(&args),
        Command::Observe(args) => observe::run(&args),
        Command::Capture(args) => capture::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Record(args) => record::run(&args),
        Command::Tui(args) => tui::run(&args),
        Command::Peers(args) => peers::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Lab(args) => lab::run(&args),
        Command::Keys { command: KeysCommand::Convert(args) } => keys::convert(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) if io::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            io::say(format_args!("{error:#}"));
            ExitCode::from(if error.is::<Misuse>() { cli::EXIT_MISUSE } else { cli::EXIT_ERROR })
        }
    }
}
