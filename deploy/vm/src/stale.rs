//! What a killed tracer leaves behind.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use aya::maps::{Map, MapData, MapInfo, PerCpuArray};
use aya::programs::{ProgramInfo, loaded_programs};
use wgtrace_abi::{Gate, Hook, HookCounters, names};
use wgtraced::netns::Netns;
use wgtraced::probe::Interface;
use wgtraced::probe::attach::Attached;
use wgtraced::probe::instance::Instance;
use wgtraced::probe::ring::{RingSettings, Rings};
use zerocopy::FromBytes;

use crate::stage::Stage;
use crate::wait::until;

/// What init is called with to be the tracer that is killed.
pub(crate) const HOLD: &str = "hold";

const HOOK: Hook = Hook::FromNetdev;
const FLOOD: u64 = 500;
const PATIENCE: Duration = Duration::from_secs(10);

/// Traces `eth0` and waits to be killed.
pub(crate) fn hold(ifindex: &str) -> Result<()> {
    let mut instance = Instance::load(Netns::current()?.inode())?;
    let rings = Rings::open(&RingSettings::default())?;
    instance.connect(&rings)?;
    let eth0 = Interface { name: "eth0".to_owned(), index: ifindex.parse()? };
    let attached = instance.attach(&eth0, HOOK)?;
    instance.open_gate(HOOK, Gate::DEFAULT_SNAPLEN, 1)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", if matches!(attached, Attached::Clsact { .. }) { "clsact" } else { "tcx" })?;
    stdout.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    bail!("nobody killed it")
}

/// Kills a tracer and looks at what is left: nothing under TCX, a deaf filter under clsact, which the next tracer
/// removes.
pub(crate) fn stale(stage: &mut Stage) -> Result<String> {
    let before = ours();
    let how = start_and_kill(stage)?;
    let words = match how.as_str() {
        "tcx" => {
            until("its program is gone", PATIENCE, || Ok((ours() == before).then_some(())))?;
            "TCX: nothing was left".to_owned()
        }
        "clsact" => left_filter(stage, &before)?,
        other => bail!("it said {other:?}"),
    };
    let attached = {
        let Stage { line, instance, eth0, .. } = &mut *stage;
        line.right.run(|| instance.attach(eth0, HOOK))??
    };
    until("only the new program is left", PATIENCE, || {
        Ok((ours().difference(&before).count() <= 1).then_some(()))
    })?;
    let observed = stage.observe(&[HOOK], |stage| stage.flood_in(FLOOD))?;
    let (_, account) = *observed.accounts.first().context("no account")?;
    Ok(format!("{words}; the next one, {attached:?}: {}", account.whole()?))
}

/// Says how it was attached.
fn start_and_kill(stage: &Stage) -> Result<String> {
    let mut command = Command::new("/init");
    command.args([HOLD, &stage.eth0.index.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    // a process belongs to the namespace of the thread that starts it
    let mut child = stage.line.right.run(|| command.spawn())?.context("cannot start a tracer")?;
    let mut said = String::new();
    let heard = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut said));
    child.kill()?;
    child.wait()?;
    heard.transpose()?;
    Ok(said.trim().to_owned())
}

/// The filter that stays counts, and nothing else.
fn left_filter(stage: &Stage, before: &BTreeSet<u32>) -> Result<String> {
    let left: Vec<u32> = ours().difference(before).copied().collect();
    let [id] = left[..] else { bail!("not one program is left but {left:?}") };
    let sent = stage.flood_in(FLOOD)?;
    let maps = maps_of(id)?;
    let counters: Vec<HookCounters> = at_hook::<64, _>(&maps, names::COUNTERS)?;
    let gates: Vec<Gate> = at_hook::<8, _>(&maps, names::GATES)?;
    let unheard: u64 = counters.iter().map(|counters| counters.unheard).sum();
    let produced: u64 = counters.iter().map(|counters| counters.produced).sum();
    ensure!(unheard == sent && produced == 0, "sent {sent}, unheard {unheard}, produced {produced}");
    ensure!(gates.iter().any(|gate| gate.state == Gate::DEAF), "no gate is deaf: {gates:?}");
    Ok(format!("clsact: one deaf filter was left, {unheard} packets unheard"))
}

/// Ids of loaded programs with the name of the hook's.
fn ours() -> BTreeSet<u32> {
    let name = names::program(HOOK);
    // one may end between its listing and the look at it
    loaded_programs()
        .filter_map(Result::ok)
        .filter(|program| program.name_as_str() == Some(name))
        .map(|program| program.id())
        .collect()
}

fn maps_of(id: u32) -> Result<Vec<u32>> {
    let program = loaded_programs().filter_map(Result::ok).find(|program: &ProgramInfo| program.id() == id);
    let maps = program.context("the program is gone")?.map_ids()?;
    maps.context("the kernel does not tell a program's maps")
}

/// The hook's value on each CPU in the map of that name.
fn at_hook<const N: usize, T: FromBytes>(maps: &[u32], name: &str) -> Result<Vec<T>> {
    for id in maps {
        if MapInfo::from_id(*id)?.name_as_str() == Some(name) {
            let map = Map::PerCpuArray(MapData::from_id(*id)?);
            let map = PerCpuArray::<_, [u8; N]>::try_from(map)?;
            let values = map.get(&u32::from(HOOK.number()), 0)?;
            let read = |bytes: &[u8; N]| T::read_from_bytes(bytes).ok().context("a value of another size");
            return values.iter().map(read).collect();
        }
    }
    bail!("the program has no map {name}")
}
