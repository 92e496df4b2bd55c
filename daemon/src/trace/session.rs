//! A trace from its first program to its ledger.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::{mpsc as events, oneshot};
use tokio::time::MissedTickBehavior;

use super::account::{self, Losses};
use super::clock::Clock;
use super::names::Names;
use super::reader::{End, Reader};
use super::room::{Room, Wishes};
use super::signals::Signals;
use crate::cli::{EXIT_IMBALANCE, EXIT_INTERRUPTED, TraceArgs};
use crate::filter::Filters;
use crate::netns::Netns;
use crate::probe::links::{LinkEvent, Links, LinksError};
use crate::probe::ring::{RingSettings, Rings};
use crate::probe::role::Selection;

/// What a namespace's links have to tell: which namespace, and what.
type Told = (usize, Result<LinkEvent, LinksError>);

/// Runs a trace to its end.
pub(super) async fn trace(args: &TraceArgs) -> Result<ExitCode> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let settings = RingSettings { pages_per_cpu: args.buffer_pages.get(), ..RingSettings::default() };
    let rings = Rings::open(&settings).context("cannot open the rings")?;
    let wishes = Arc::new(Wishes {
        selection: Selection::new(args.iface.clone()),
        hooks: args.hooks(),
        filters: Filters::new(&args.filter),
        snaplen: args.snaplen,
        sampling: args.sample.get(),
    });
    let (news, heard) = mpsc::channel();
    let mut rooms = Vec::new();
    for netns in namespaces(&args.netns)? {
        rooms.push(Room::load(netns, Arc::clone(&wishes), &rings, news.clone())?);
    }
    let mut told = attach(&mut rooms, &wishes.selection).await?;
    let (stop, (over, mut is_over)) = (Arc::new(AtomicBool::new(false)), oneshot::channel());
    let clock = Clock::now();
    let reader = Reader {
        rings,
        instances: rooms.iter().map(Room::instance).collect(),
        names: Names::new(rooms.iter().map(|room| (room.netns().inode(), room.netns().name()))),
        news: heard,
        ledger: super::ledger(&rooms),
        output: super::output(args, &clock)?,
        clock,
        stop: Arc::clone(&stop),
        over: Some(over),
    };
    let mut thread = Some(
        std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || reader.run())
            .context("cannot start the thread that reads the rings")?,
    );
    rooms.iter().try_for_each(Room::open)?;
    announce(&rooms);

    let mut losses = Losses::default();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let deadline = args.duration.map(|duration| tokio::time::Instant::now() + duration);
    let fault = loop {
        tokio::select! {
            () = signals.next() => break None,
            _ = &mut is_over => break None,
            () = until(deadline) => break None,
            _ = tick.tick() => lost(&rooms, &mut losses),
            Some((at, event)) = told.recv() => match (rooms.get_mut(at), event) {
                (Some(room), Ok(event)) => room.follow(&event),
                (_, Ok(_)) => {}
                (_, Err(error)) => break Some(error),
            },
        }
    };
    let closed = rooms.iter().try_for_each(Room::close);
    lost(&rooms, &mut losses);
    stop.store(true, Ordering::Release);
    let Some(end) = joined(&mut thread, &mut signals).await? else {
        say("told to end twice: what was not written yet is lost");
        return Ok(ExitCode::from(EXIT_INTERRUPTED));
    };
    closed?;
    let code = settle(args, &rooms, end)?;
    match fault {
        Some(fault) => Err(fault).context("cannot follow the interfaces any more"),
        None => Ok(code),
    }
}

fn namespaces(named: &[String]) -> Result<Vec<Netns>> {
    if named.is_empty() {
        return Ok(vec![Netns::current()?]);
    }
    let mut all: Vec<Netns> = Vec::new();
    for name in named {
        let netns = Netns::open(name)?;
        // one namespace by two names is one namespace
        if all.iter().all(|other| other.inode() != netns.inode()) {
            all.push(netns);
        }
    }
    Ok(all)
}

/// Attaches to the links there are, and has those told that come.
async fn attach(rooms: &mut [Room], selection: &Selection) -> Result<events::UnboundedReceiver<Told>> {
    let (tell, told) = events::unbounded_channel();
    let mut all = Vec::new();
    for room in rooms.iter() {
        all.push(Links::open(room.netns()).await?);
    }
    let known: Vec<_> = all.iter().flat_map(|links| links.links().iter()).collect();
    let missing = selection.missing(&known);
    if !missing.is_empty() {
        bail!(
            "no such interface: {} (`ip link` shows what there is; --netns looks elsewhere)",
            missing.join(", ")
        );
    }
    for (at, (room, mut links)) in rooms.iter_mut().zip(all).enumerate() {
        for link in links.links().iter() {
            room.consider(link)?;
        }
        room.prepare()?;
        let tell = tell.clone();
        tokio::spawn(async move {
            loop {
                let event = links.next().await;
                let is_last = event.is_err();
                if tell.send((at, event)).is_err() || is_last {
                    return;
                }
            }
        });
    }
    Ok(told)
}

fn announce(rooms: &[Room]) {
    let (interfaces, namespaces) = (rooms.iter().map(Room::traced).sum::<usize>(), rooms.len());
    let where_ = if namespaces == 1 { String::new() } else { format!(" in {namespaces} network namespaces") };
    say(&format!(
        "tracing {interfaces} interface{}{where_}; ctrl-c ends it",
        if interfaces == 1 { "" } else { "s" }
    ));
}

fn lost(rooms: &[Room], before: &mut Losses) {
    let mut now = Losses::default();
    for room in rooms {
        match room.counters() {
            Ok(counters) => counters.iter().for_each(|(_, _, counters)| now.add(counters)),
            Err(error) => return tracing::warn!("{error:#}"),
        }
    }
    if let Some(line) = now.since(before) {
        say(&line);
    }
    *before = now;
}

/// How the reader ended; `None` when a signal comes first.
async fn joined(thread: &mut Option<JoinHandle<End>>, signals: &mut Signals) -> Result<Option<End>> {
    let Some(thread) = thread.take() else { return Ok(None) };
    let mut joining = tokio::task::spawn_blocking(move || thread.join());
    let since = Instant::now();
    loop {
        tokio::select! {
            end = &mut joining => return match end.context("cannot wait for the reader")? {
                Ok(end) => Ok(Some(end)),
                Err(panic) => std::panic::resume_unwind(panic),
            },
            // one request to end often comes as two signals: to the process and to its group
            () = signals.next() => if since.elapsed() > ONE_REQUEST { return Ok(None) },
        }
    }
}

/// Prints the ledger, and makes of it how the program ends.
fn settle(args: &TraceArgs, rooms: &[Room], end: End) -> Result<ExitCode> {
    let End { mut ledger, names, written, read } = end;
    for room in rooms {
        ledger.read(room.netns().inode(), &room.counters()?);
    }
    if args.json {
        let mut stdout = std::io::stdout().lock();
        // nobody there any more: then nobody misses it
        let _ = writeln!(stdout, "{}", account::object(&ledger, &names)).and_then(|()| stdout.flush());
    } else {
        say_whole(&account::table(&ledger, &names));
    }
    read?;
    written.context("cannot write")?;
    if ledger.balance().is_exact() {
        return Ok(ExitCode::SUCCESS);
    }
    say("the ledger does not add up: please report this with the lines above");
    Ok(ExitCode::from(EXIT_IMBALANCE))
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Talks to the person; that nobody listens is no reason to stop.
fn say(text: &str) {
    say_whole(&format!("wgtraced: {text}"));
}

fn say_whole(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// How far apart the signals of one request to end may come.
const ONE_REQUEST: Duration = Duration::from_millis(500);
