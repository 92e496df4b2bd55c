//! `wgtrace lab tour`: the walkthrough for who learns, step by step, with words to each.

mod guide;
mod keyboard;
mod page;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use self::guide::Guide;
use self::keyboard::Keyboard;
use crate::cli::{Switch, UpArgs};
use crate::home::Home;
use crate::record::Keys;
use crate::walkthrough::{Step, chosen};
use crate::{down, up};

/// What `tour` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Signs: = equal; ~ equal up to what is another one each time; * other on purpose, with the reason; - missing; + not in \
the document.

Exit status: 0 at the end, or with q; 1 something is not as the document has it, or an error; 2 a mistake on the command \
line; 3 a step could not run; 130 with Ctrl-C.")]
pub struct Args {
    /// Only these steps, by name; all if there are none.
    #[arg(value_name = "STEP")]
    pub steps: Vec<String>,

    /// Where wgtraced, wgtrace-cni and wgtrace are, for a lab that is brought up for this [default: beside this program].
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
}

/// Leads through the lab that runs in this directory, or through one that it brings up and takes down.
///
/// # Errors
/// When there is no lab and none can be made; what is wrong with one is on the pages.
pub(crate) fn run(args: &Args, home: &Home) -> Result<ExitCode> {
    let steps = chosen(&args.steps)?;
    if home.record()?.is_some() {
        return lead(steps, home);
    }
    eprintln!("wgtrace-lab: bringing up a cluster of three nodes for the tour, which ends with it ..");
    let up = UpArgs {
        encryption: Switch::On,
        keys: Keys::Session,
        foreground: false,
        programs: args.programs.clone(),
        traffic: false,
    };
    up::run(&up, home, &mut std::io::sink())?;
    let led = lead(steps, home);
    let ended = down::run(home);
    led.and_then(|led| ended.map(|_| led))
}

/// On a thread of its own: what asks this process to end is heard here.
fn lead(steps: Vec<&'static Step>, home: &Home) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let [mut interrupt, mut terminate, mut hang_up] = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        let keyboard = Keyboard::open()?;
        let guide = Guide { home: home.clone(), steps, is_waiting: keyboard.is_some() };
        let (send, led) = oneshot::channel();
        std::thread::spawn(move || send.send(guide.lead(&mut std::io::stdout())));
        tokio::select! {
            led = led => return led.map_err(|_| anyhow!("the tour panicked"))?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        drop(keyboard);
        eprintln!("\nwgtrace-lab: the tour ends here");
        Ok(ExitCode::from(INTERRUPTED))
    })
}

/// As shells have it for SIGINT.
const INTERRUPTED: u8 = 130;
