//! The process that a lab is: init of its PID namespace, and holder of all others.

mod children;
mod cluster;
mod daemon;
mod given;
mod pod;
mod serve;
mod space;
mod store;
mod traffic;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::event::{PollFd, PollFlags, poll};
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use self::children::Children;
use self::cluster::Cluster;
pub(crate) use self::daemon::last_lines;
pub(crate) use self::given::run as become_given;
use crate::home::Home;
use crate::record::Settings;

/// What the supervisor is told by who starts it. Its standard input is the lock of its directory, which it holds from
/// then on; its standard output is where it tells [`Word`]s.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The directory of all labs.
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// Whether it ends with who started it.
    pub(crate) is_bound: bool,
}

/// What the supervisor tells who started it, a line each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Word {
    /// Everything is there.
    Ready,
    /// It will not be.
    Failed(String),
}

/// What ends the supervisor, or may.
enum Event {
    Built(Box<Result<Cluster>>),
    /// Who started it is gone.
    Alone,
    Down,
}

/// The hidden command that is a supervisor's whole life.
pub(crate) fn run(order: &str) -> Result<ExitCode> {
    ensure!(rustix::process::getpid().is_init(), "this is started by `wgtrace-lab up`, not by people");
    let order: Order = serde_json::from_str(order).context("the order")?;
    let home = Home::below(&order.root, &order.name)?;
    let _lock = io::stdin().as_fd().try_clone_to_owned().context("the lock")?;
    let starter = io::stdout().as_fd().try_clone_to_owned().context("who started this")?;
    let nothing = File::open("/dev/null").context("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    // a terminal's Ctrl-C is for who started this
    rustix::process::setsid()?;
    let supervisor = home.write_supervisor()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = File::from(starter.try_clone()?);
    let ended = runtime.block_on(live(order, home, supervisor, starter));
    let Err(error) = ended else { return Ok(ExitCode::SUCCESS) };
    eprintln!("{error:#}");
    // it may be gone, which is one of the reasons
    let _ = tell(&told, &Word::Failed(format!("{error:#}")));
    Ok(ExitCode::FAILURE)
}

async fn live(order: Order, home: Home, supervisor: crate::process::Process, starter: OwnedFd) -> Result<()> {
    let mut child = signal(SignalKind::child())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener =
        UnixListener::bind(home.control()).with_context(|| home.control().display().to_string())?;
    let children = Children::default();
    let (send, mut events) = mpsc::unbounded_channel();
    build(&order, &home, &children, send.clone());
    watch(starter.try_clone()?, send.clone());
    let cluster: Arc<OnceLock<Cluster>> = Arc::default();
    loop {
        tokio::select! {
            _ = child.recv() => children.reap(),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            event = events.recv() => match event.context("nobody is left")? {
                Event::Built(built) => {
                    let built = (*built)?;
                    let built = cluster.get_or_init(|| built);
                    home.write_record(&built.record(&order, supervisor))?;
                    tell(&File::from(starter.try_clone()?), &Word::Ready).context("nobody waits for this lab")?;
                }
                Event::Alone if order.is_bound || cluster.get().is_none() => break,
                Event::Alone => {}
                Event::Down => break,
            },
            Ok((stream, _)) = listener.accept() => {
                let (cluster, down) = (Arc::clone(&cluster), send.clone());
                let stream = stream.into_std()?;
                thread::spawn(move || serve::answer(&stream, cluster.get(), move || drop(down.send(Event::Down))));
            }
        }
    }
    finish(children, child).await;
    Ok(())
}

/// Ends the daemons in order, as long as that takes no longer than it should; the kernel ends the rest.
async fn finish(children: Children, mut child: tokio::signal::unix::Signal) {
    children.terminate_all();
    let all_ended = async {
        while children.any_is_left() {
            child.recv().await;
            children.reap();
        }
    };
    let _ = tokio::time::timeout(PATIENCE, all_ended).await;
}

/// Makes everything, on a thread of its own.
fn build(order: &Order, home: &Home, children: &Children, done: mpsc::UnboundedSender<Event>) {
    let (order, home, children) = (order.clone(), home.clone(), children.clone());
    thread::spawn(move || {
        let built = Cluster::build(&order.settings, &home, &children);
        done.send(Event::Built(Box::new(built)))
    });
}

/// Notices that nobody reads any more what the supervisor tells, on a thread of its own.
fn watch(starter: OwnedFd, gone: mpsc::UnboundedSender<Event>) {
    thread::spawn(move || {
        let mut events = [PollFd::new(&starter, PollFlags::empty())];
        while poll(&mut events, None) == Err(rustix::io::Errno::INTR) {}
        gone.send(Event::Alone)
    });
}

fn tell(mut starter: &File, word: &Word) -> Result<()> {
    starter.write_all((serde_json::to_string(word)? + "\n").as_bytes())?;
    Ok(())
}

/// Daemons end within milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
