//! `wgtrace lab walkthrough`.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::outcome::Outcome;
use super::report::{exit_code, summary};
use super::silence::Silence;
use super::stage::Stage;
use super::steps::{STEPS, Step};
use super::table::Table;
use crate::Lab;
use crate::cli::{Switch, UpArgs};
use crate::home::Home;
use crate::record::Keys;
use crate::{down, up};

/// What `walkthrough` takes.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Signs: = equal; ~ equal up to what is another one each time; * deliberately other, with the reason; - missing; \
+ not in the document.

Exit status: 0 everything is as the table says; 1 something is not, or an error; 2 a mistake on the command line; \
3 a step could not run, and nothing that ran was wrong.")]
pub struct Args {
    /// Only these steps, by name; all if there are none.
    #[arg(value_name = "STEP")]
    pub steps: Vec<String>,

    /// Print one JSON object a step.
    #[arg(long)]
    pub json: bool,

    /// Write the captures of the step `decryption` here, with the session keys and what has to come out.
    #[arg(long, value_name = "DIR")]
    pub write_captures: Option<PathBuf>,

    /// Where wgtraced, wgtrace-cni and wgtrace are, for a lab that is brought up for this [default: beside this program].
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
}

/// Replays the walkthrough on the lab that runs in this directory, or on one that it brings up and takes down.
///
/// # Errors
/// When there is no lab and none can be made; what is wrong with one is in the outcomes.
pub fn run(args: &Args, home: &Home) -> Result<ExitCode> {
    let steps = chosen(&args.steps)?;
    let table = Table::committed().context("the committed table")?;
    if home.record()?.is_some() {
        return replay(args, &steps, &table, home);
    }
    let up = UpArgs {
        encryption: Switch::On,
        keys: Keys::Session,
        traffic: false,
        foreground: false,
        programs: args.programs.clone(),
    };
    up::run(&up, home, &mut std::io::stderr())?;
    let outcome = replay(args, &steps, &table, home);
    let ended = down::run(home);
    outcome.and_then(|outcome| ended.map(|_| outcome))
}

fn replay(args: &Args, steps: &[&Step], table: &Table, home: &Home) -> Result<ExitCode> {
    let lab = Lab::attach_to(home)?;
    let _silence = Silence::of(&lab)?;
    let mut stage = Stage::on(&lab);
    stage.captures.clone_from(&args.write_captures);
    let mut out = std::io::stdout().lock();
    let mut outcomes = Vec::new();
    for step in steps {
        let outcome = step.run(&stage, table);
        say(&mut out, &outcome, args.json)?;
        outcomes.push(outcome);
    }
    if !args.json {
        quietly(writeln!(out, "{}", summary(&outcomes)))?;
    }
    Ok(ExitCode::from(exit_code(&outcomes)))
}

fn say(out: &mut impl Write, outcome: &Outcome, json: bool) -> Result<()> {
    let line = if json { serde_json::to_string(outcome)? + "\n" } else { format!("{outcome}\n") };
    quietly(out.write_all(line.as_bytes()).and_then(|()| out.flush()))
}

/// Nobody has to listen to the end.
fn quietly(written: std::io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write"),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// The steps of these names; all if there are none.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let all = || STEPS.map(|step| step.name).join(", ");
    let step =
        |name: &String| Step::named(name).with_context(|| format!("no step `{name}`: there are {}", all()));
    names.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name_and_all_if_by_none() {
        assert_eq!(chosen(&[]).unwrap().len(), STEPS.len());
        assert_eq!(chosen(&["peers".into()]).unwrap()[0].name, "peers");
        let error = chosen(&["wether".into()]).unwrap_err().to_string();
        assert!(error.starts_with("no step `wether`: there are pod addresses, "), "{error}");
    }
}
