//! `wgtraced run` and `wgtraced cleanup`.

mod sweep;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Node;
use super::start::Claim;
use crate::config::Config;
use crate::handover::Handover;
use crate::netns::Netns;
use crate::privileges;
use crate::probe::links::{LinkEvent, Links};
use crate::registry::{Event, Registry as _};
use crate::server::Server;
use crate::watch::Watch;
use crate::wireguard::command::KeyArgs;

/// What `wgtraced run` takes.
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
pub struct RunArgs {
    /// The node's configuration.
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,

    /// Export of keys.
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// What `wgtraced cleanup` takes.
#[derive(Debug, Args)]
#[command(after_help = CLEANUP_HELP)]
pub struct CleanupArgs {
    /// The node's configuration.
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
}

/// Runs the node until a signal ends the daemon; the datapath stays.
///
/// # Errors
/// When the node cannot begin: what, and what to do about it.
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let handover = Handover::from_environment();
    let config = Config::load(&args.config)?;
    no_core_dumps()?;
    privileges::confine().context("cannot give up capabilities")?;
    runtime()?.block_on(serve(config, args, handover))
}

/// Removes everything that `wgtraced run` made.
///
/// # Errors
/// When a daemon runs, or something cannot be removed.
pub fn cleanup(args: &CleanupArgs) -> Result<ExitCode> {
    let config = Config::load(&args.config)?;
    runtime()?.block_on(async {
        let _claim = Claim::take(&config.run_directory)?;
        sweep::sweep(&config).await.map(|()| ExitCode::SUCCESS)
    })
}

/// Keys are in memory, and nowhere else but where they were asked for.
pub(crate) fn no_core_dumps() -> Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("cannot forbid core dumps")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot forbid core dumps")
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    // Nearly all of the work is one request at a time; the second answers while the first is in the kernel.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    // the set-up happens on the thread that there is already; there is nothing to be refused here
    builder.on_thread_start(|| drop(privileges::settle()));
    builder.build().context("cannot start the runtime")
}

async fn serve(config: Config, args: &RunArgs, handover: Handover) -> Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let _claim = Claim::take(&config.run_directory)?;
    let key_log = args.keys.open()?;
    let mut links = Links::open(&Netns::current()?).await?;
    let (mut node, mut registry) = Node::start(config, key_log, handover).await?;
    let own = node.config().entry(node.public_key());
    if let Err(error) = registry.publish(own.clone()) {
        node.set_registry_fault(Some(error.to_string())).await;
    }
    let socket = node.config().run_directory.join(SOCKET);
    let name = node.config().node_name.clone();
    let node = Arc::new(Mutex::new(node));
    let server = Server::bind(&socket)?;
    // threads from here on have no more than this one
    privileges::settle().context("cannot give up capabilities")?;
    let watch = Watch::start(Arc::clone(&node)).context("cannot start the thread that reads events")?;
    let watch = Arc::new(watch);
    let mut server = server.serve(Arc::clone(&node), Arc::clone(&watch));
    tracing::info!(node = %name, socket = %socket.display(), "node up");
    node.lock().await.ready();
    // Nothing is heard of the registry until it has been looked at again.
    let mut is_deaf = false;
    let mut ticks = interval(LOOK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            ended = &mut server => return ended.context("the server ended")?.map(|()| ExitCode::SUCCESS),
            event = registry.next(), if !is_deaf => {
                let mut node = node.lock().await;
                match event {
                    Ok(event) => {
                        tell(&event);
                        node.set_roster(registry.roster().clone()).await;
                    }
                    Err(error) => {
                        is_deaf = true;
                        node.set_registry_fault(Some(error.to_string())).await;
                    }
                }
            }
            event = links.next() => {
                if concerns_node(&event.context("links cannot be watched")?) {
                    // More of the same is on its way.
                    sleep(SETTLING).await;
                    node.lock().await.reconcile().await;
                }
            }
            _ = ticks.tick() => {
                // Somebody may have removed it; nothing is written while it is there.
                let published = registry.publish(own.clone());
                is_deaf = false;
                let fault = published.err().map(|error| error.to_string());
                let mut node = node.lock().await;
                node.set_registry_fault(fault).await;
                // who left one did not see this daemon begin
                node.catch_up().await;
            }
        }
    }
    server.abort();
    watch.end().await;
    // Answers under way see their end, and no half of a pod is left.
    let _node = node.lock().await;
    tracing::info!(node = %name, "the daemon ends; its datapath stays");
    Ok(ExitCode::SUCCESS)
}

fn tell(event: &Event) {
    match event {
        Event::Added(node) => tracing::info!(node = %node.name, "new node"),
        Event::Removed(node) => tracing::info!(node = %node.name, "node gone"),
        Event::Changed { now, .. } => tracing::info!(node = %now.name, "node changed"),
        Event::Withdrawn { entry } => tracing::info!(entry, "registry entry that was refused is gone"),
        Event::Refused { entry, refusal } => tracing::warn!(entry, %refusal, "registry entry refused"),
    }
}

/// Pods' devices come and go with the pods.
fn concerns_node(event: &LinkEvent) -> bool {
    let (LinkEvent::Appeared(link) | LinkEvent::Changed { now: link, .. } | LinkEvent::Vanished(link)) =
        event;
    !link.name.starts_with("lxc")
}

const CONFIG: &str = "/etc/wgtrace/wgtraced.toml";
/// In the run directory.
const SOCKET: &str = "wgtraced.sock";
/// How long something may be off that the kernel does not tell of.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
const SETTLING: Duration = Duration::from_millis(20);

const RUN_HELP: &str = "\
Runs the node of this network namespace until SIGINT or SIGTERM. Its datapath stays and goes on forwarding; the next run \
takes it over.

Exit status: 0 ended by a signal; 1 the node could not be started, or cannot go on.";

const CLEANUP_HELP: &str = "\
Removes the pods' devices first, then programs, routes, rules, interfaces and tables. The node's key and its entry in \
the registry stay: remove the entry, or other nodes go on sending here.

Exit status: 0 nothing is left; 1 a daemon runs, or something could not be removed.";
