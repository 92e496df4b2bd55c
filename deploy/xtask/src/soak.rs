//! `cargo xtask soak`: a lab that lasts, with traffic, the TUI attached, and daemons that are killed; nothing may leak,
//! neither plaintext nor memory nor anything else.

mod ask;
mod furniture;
mod judge;
mod memory;
mod objects;
mod plan;
mod run;
mod screen;
mod sessions;
mod table;
mod traffic;

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use wgtrace_lab::Home;
use wgtrace_lab::leak::{Cause, Sort, Watch};
use wgtrace_lab::remains::{Namespaces, Remains};

use self::objects::Objects;
use self::run::Soak;
use self::table::Table;
use self::traffic::Traffic;
use crate::cluster::Cluster;
use crate::programs;

/// Arguments of `cargo xtask soak`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One daemon of the three is never killed, the other two by turns and at random (SIGKILL), and started again by the lab's \
supervisor. What came of it is a Markdown table on standard output; the exit status is 0 only if every row holds.")]
pub(crate) struct Args {
    /// How long it lasts; a little longer if a rekey is still to come.
    #[arg(long, value_name = "N", default_value_t = Args::default().minutes, value_parser = clap::value_parser!(u64).range(2..))]
    minutes: u64,

    /// What the random kills come from [default: another one each time, which is printed].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Two minutes, from a seed of its own.
impl Default for Args {
    fn default() -> Self {
        Self { minutes: 2, seed: None }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "the lab is made of network namespaces: run this as root");
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(Instant::now()));
    println!("soak: {} minutes; --seed {seed} kills the same daemons at the same times\n", args.minutes);
    let programs = programs::build()?;
    let mut table = Table::default();
    control(&programs, &mut table).context("the positive control")?;
    let ended = soak(&programs, Duration::from_mins(args.minutes), seed, &mut table);
    print!("{table}");
    ended?;
    let faults = table.faults();
    ensure!(faults.is_empty(), "seed {seed}: {}", faults.join("; "));
    Ok(())
}

/// Without encryption, the watch has to see that plaintext leaves.
fn control(programs: &Path, table: &mut Table) -> Result<()> {
    let cluster = Cluster::up_with(programs, "soak-clear", &["--encryption", "off"])?;
    let traffic = Traffic::on(&cluster.lab)?;
    let mut watch = Watch::start(&cluster.lab, NEEDLES)?;
    let kinds = [Cause::Address, Cause::Payload];
    let count = |watch: &mut Watch| {
        let seen = watch.look();
        kinds.map(|kind| seen.sum(|sort| *sort == Sort::Leak(kind)))
    };
    let [addresses, payloads] = std::thread::scope(|scope| {
        traffic.start(scope, &cluster.lab)?;
        let deadline = Instant::now() + PATIENCE;
        while count(&mut watch).contains(&0) && Instant::now() < deadline {
            std::thread::sleep(PAUSE);
        }
        traffic.stop();
        Ok::<_, anyhow::Error>(count(&mut watch))
    })?;
    watch.stop()?;
    table.row(
        "control: encryption off, plaintext seen",
        format!("{addresses} by address, {payloads} by payload"),
        "some of each",
        addresses > 0 && payloads > 0,
    );
    Ok(())
}

/// The lab that lasts, and what is left of it.
fn soak(programs: &Path, length: Duration, seed: u64, table: &mut Table) -> Result<()> {
    let home = Home::of(&Cluster::name("soak"))?;
    let before = Remains::of(home.path())?;
    let cluster = Cluster::up(programs, "soak", "session")?;
    let namespaces = Namespaces::of(&cluster.lab)?;
    let objects = Soak::on(&cluster, length, seed)?.run(table)?;
    drop(cluster);
    left(&before, &home, &namespaces, &objects, table)
}

/// After `lab down` there is what there was before.
fn left(
    before: &Remains,
    home: &Home,
    namespaces: &Namespaces,
    objects: &Objects,
    table: &mut Table,
) -> Result<()> {
    let look = || -> Result<_> {
        let more = Remains::of(home.path())?.beyond(before);
        let users = namespaces.users()?;
        let [programs, maps] = objects.among(&Objects::alive()?).counts();
        let is_clean = more.is_empty() && users.is_empty() && programs == 0 && maps == 0;
        Ok((is_clean && !home.path().exists(), more, users.len(), programs, maps))
    };
    let deadline = Instant::now() + PATIENCE;
    let mut found = look()?;
    // the kernel takes programs back a moment after the last that had them
    while !found.0 && Instant::now() < deadline {
        std::thread::sleep(PAUSE);
        found = look()?;
    }
    let (is_clean, more, users, programs, maps) = found;
    let Remains { processes, mounts, interfaces, named } = &more;
    let [loaded, made] = objects.counts();
    table.row(
        "after `lab down`: processes, mounts, host interfaces, named namespaces more than before",
        format!("{}, {}, {}, {}", processes.len(), mounts.len(), interfaces.len(), named.len()),
        "0, 0, 0, 0",
        more.is_empty(),
    );
    table.row(
        format!("after `lab down`: users of its {} namespaces", namespaces.len()),
        users.to_string(),
        "0",
        users == 0,
    );
    table.row(
        format!("after `lab down`: left of its {loaded} BPF programs and {made} maps"),
        format!("{programs} and {maps}"),
        "0 and 0",
        programs == 0 && maps == 0,
    );
    ensure!(is_clean || !home.path().exists(), "{} is still there", home.path().display());
    Ok(())
}

/// What pods' web servers say: nobody may read it on the way.
const NEEDLES: &[&[u8]] = &[b"PodName: ", b"HTTP/1."];
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
