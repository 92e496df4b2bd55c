//! `up`: starts a supervisor, and waits until everything is there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, PipeReader, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::sched::{CloneFlags, unshare};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use crate::cli::{Switch, UpArgs};
use crate::home::{Claim, Home};
use crate::record::Settings;
use crate::supervisor::{Order, Word, last_lines};
use crate::{Lab, down, programs, status};

/// Brings a lab up, and says on `out` what there is then.
pub(crate) fn run(args: &UpArgs, home: &Home, out: &mut impl Write) -> Result<ExitCode> {
    requirements()?;
    let programs = args.programs.clone().map_or_else(programs::beside_this, |named| {
        std::path::absolute(&named).with_context(|| named.display().to_string())
    })?;
    programs::check(&programs)?;
    let settings = Settings {
        encryption: args.encryption == Switch::On,
        keys: args.keys,
        programs,
        traffic: args.traffic,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (supervisor, mut signals) = bring(&settings, home, args.foreground).await?;
        status::table(&Lab::attach_to(home)?, out)?;
        if !args.foreground {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::select! {
            ended = end_of(supervisor) => {
                // who ended it from elsewhere removes its directory
                down::remove(home)?;
                let status = ended?;
                ensure!(status.success(), "the lab ended: {status}");
                Ok(ExitCode::SUCCESS)
            }
            () = signals.next() => down::run(home),
        }
    })
}

/// What no lab can do without.
pub(crate) fn requirements() -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "a lab needs root: it makes namespaces and loads BPF programs"
    );
    File::options().read(true).write(true).open(TUN).map(drop).with_context(|| {
        format!("cannot open {TUN}, which WireGuard in user space needs: `modprobe tun` may bring it")
    })
}

/// Brings a lab up; its supervisor, which ends with this process if it is bound to it, and what asks this process to end.
pub(crate) async fn bring(settings: &Settings, home: &Home, is_bound: bool) -> Result<(Child, Signals)> {
    // from here on Ctrl-C is noticed, and nothing is left half made
    let mut signals = Signals::listen()?;
    let claim = Claim::take(home)?;
    if claim.was_left {
        eprintln!("wgtrace-lab: removed what a lab that crashed had left in {}", home.path().display());
    }
    let (mut supervisor, words) = start(settings, home, &claim, is_bound)?;
    match ready(words, &mut signals).await {
        Ok(()) => Ok((supervisor, signals)),
        Err(error) => {
            // with it goes everything that it has made
            let _ = supervisor.kill();
            let status = supervisor.wait()?;
            let error = if error.is::<Ended>() {
                anyhow!("the lab ended: {status}; its last words:\n{}", last_lines(&home.log()))
            } else {
                error
            };
            claim.remove()?;
            Err(error)
        }
    }
}

/// Waits for a program on a thread of its own.
pub(crate) async fn end_of(mut program: Child) -> Result<ExitStatus> {
    let (send, ended) = oneshot::channel();
    thread::spawn(move || send.send(program.wait()));
    ended.await?.context("cannot wait for a program")
}

/// Starts the init of a new PID namespace.
fn start(
    settings: &Settings,
    home: &Home,
    claim: &Claim,
    is_bound: bool,
) -> Result<(Child, mpsc::UnboundedReceiver<Word>)> {
    let root = home.path().parent().context("no directory of labs")?.to_owned();
    let order = Order { root, name: home.name().to_owned(), settings: settings.clone(), is_bound };
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(home.log())?;
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("supervise").arg(serde_json::to_string(&order)?);
    command.stdin(claim.lock()?).stdout(writer).stderr(log).current_dir("/");
    // a thread's children alone are in the new namespace
    let starting = thread::spawn(move || -> Result<Child> {
        unshare(CloneFlags::CLONE_NEWPID).context("cannot make a PID namespace: this needs root")?;
        command.spawn().context("cannot start the lab's supervisor")
    });
    let supervisor = starting.join().map_err(|_| anyhow!("starting the supervisor panicked"))??;
    let (send, words) = mpsc::unbounded_channel();
    thread::spawn(move || listen(reader, &send));
    Ok((supervisor, words))
}

/// Its end is the channel's.
fn listen(reader: PipeReader, send: &mpsc::UnboundedSender<Word>) {
    for line in BufReader::new(reader).lines().map_while(Result::ok) {
        if let Ok(word) = serde_json::from_str(&line)
            && send.send(word).is_err()
        {
            return;
        }
    }
}

async fn ready(mut words: mpsc::UnboundedReceiver<Word>, signals: &mut Signals) -> Result<()> {
    tokio::select! {
        word = words.recv() => match word {
            Some(Word::Ready) => Ok(()),
            Some(Word::Failed(why)) => bail!(why),
            None => Err(Ended.into()),
        },
        () = signals.next() => bail!("told to end: nothing is left of it"),
    }
}

/// Without a word.
#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the lab ended")
    }
}

impl std::error::Error for Ended {}

/// What asks a program to end.
pub(crate) struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hang_up] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

const TUN: &str = "/dev/net/tun";
