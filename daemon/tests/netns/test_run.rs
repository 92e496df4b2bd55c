//! Each program by itself, over packets that were never on a wire (`BPF_PROG_TEST_RUN`).

use anyhow::{Context as _, Result};
use aya::maps::perf::{PerfEvent, PerfEventArray, PerfEventArrayBuffer};
use aya::maps::{MapData, PerCpuArray, PerCpuValues};
use aya::programs::{SchedClassifier, SocketFilter, TestRun as _, TestRunOptions};
use aya::{Ebpf, EbpfLoader};
use wgtrace_abi::hook::Attachment;
use wgtrace_abi::{Gate, Hook, HookCounters, PacketEvent, names};
use zerocopy::{FromBytes as _, IntoBytes as _};

use crate::kernel;
use crate::packet::{over_ipv4, over_ipv6, udp};

const NETNS: u32 = 4_026_531_840;

/// The object as it is committed, with none of our loader around it.
struct Object {
    ebpf: Ebpf,
    rings: Vec<PerfEventArrayBuffer<MapData>>,
    _events: PerfEventArray<MapData>,
}

impl Object {
    fn load() -> Result<Self> {
        let mut ebpf =
            EbpfLoader::new().override_global(names::NETNS, &NETNS, true).load(wgtrace_bpf::OBJECT)?;
        let mut events = PerfEventArray::try_from(ebpf.take_map(names::EVENTS).context("the events' map")?)?;
        let cpus = aya::util::online_cpus().map_err(|(_, error)| error)?;
        let rings = cpus.into_iter().map(|cpu| events.open(cpu, Some(16))).collect::<Result<_, _>>()?;
        Ok(Self { ebpf, rings, _events: events })
    }

    fn gate(&mut self, hook: Hook, gate: Gate) -> Result<()> {
        let bytes = <[u8; 8]>::try_from(gate.as_bytes())?;
        let gates = self.ebpf.map_mut(names::GATES).context("the gates' map")?;
        let mut gates: PerCpuArray<_, [u8; 8]> = PerCpuArray::try_from(gates)?;
        let cpus = aya::util::nr_cpus().map_err(|(_, error)| error)?;
        gates.set(u32::from(hook.number()), PerCpuValues::try_from(vec![bytes; cpus])?, 0)?;
        Ok(())
    }

    /// Runs the program of a hook once: what it returned.
    fn run(&mut self, hook: Hook, packet: &[u8], context: Option<&[u8]>) -> Result<i32> {
        let program = self.ebpf.program_mut(names::program(hook)).context("the program")?;
        let options = TestRunOptions { data_in: Some(packet), ctx_in: context, ..TestRunOptions::default() };
        let result = match hook.attachment() {
            Attachment::Ingress | Attachment::Egress => {
                let program: &mut SchedClassifier = program.try_into()?;
                if program.fd().is_err() {
                    program.load()?;
                }
                program.test_run(options)?
            }
            Attachment::Socket => {
                let program: &mut SocketFilter = program.try_into()?;
                if program.fd().is_err() {
                    program.load()?;
                }
                program.test_run(options)?
            }
        };
        Ok(result.return_value.cast_signed())
    }

    fn counters(&self, hook: Hook) -> Result<HookCounters> {
        let program = self.ebpf.program(names::program(hook)).context("the program")?;
        kernel::counters(&program.info()?, hook)
    }

    fn events(&mut self) -> Vec<(PacketEvent, Vec<u8>)> {
        let mut events = Vec::new();
        for ring in &mut self.rings {
            ring.for_each(|event| {
                if let PerfEvent::Sample { head, tail } = event {
                    let record = [head, tail].concat();
                    let (event, rest) = PacketEvent::read_from_prefix(&record).unwrap();
                    events.push((event, rest[..usize::from(event.captured)].to_vec()));
                }
            });
        }
        events
    }
}

const OPEN: Gate = Gate { state: Gate::OPEN, filter: 0, snaplen: 96, sampling: 1 };

/// Every hook that a run by itself can reach: nothing leaves by a test run's tap.
fn hooks() -> impl Iterator<Item = Hook> {
    Hook::ALL.into_iter().filter(|hook| *hook != Hook::TapOut)
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn every_program_lets_packets_pass_and_makes_one_event_of_each() -> Result<()> {
    let mut object = Object::load()?;
    for hook in hooks() {
        let is_tap = hook.attachment() == Attachment::Socket;
        object.gate(hook, OPEN)?;
        for (packet, protocol) in
            [(over_ipv4(17, &udp(&[3; 90])), 0x0800), (over_ipv6(17, &udp(&[4; 9])), 0x86dd)]
        {
            // a tracer decides nothing, and the tap's socket queues nothing
            assert_eq!(object.run(hook, &packet, None)?, if is_tap { 0 } else { -1 }, "{hook:?}");
            let [(event, bytes)] =
                object.events().try_into().map_err(|all| anyhow::anyhow!("{hook:?}: {all:?}"))?;
            assert!(event.is_supported());
            assert_eq!((event.hook(), event.netns, event.protocol), (Some(hook), NETNS, protocol));
            // a test run has a socket filter start behind the link layer (linux: net/bpf/test_run.c)
            let packet = if is_tap { &packet[14..] } else { &packet[..] };
            assert_eq!(
                (usize::try_from(event.len)?, &bytes[..]),
                (packet.len(), &packet[..packet.len().min(96)])
            );
        }
        let counters = object.counters(hook)?;
        assert_eq!(counters, HookCounters { produced: 2, ..HookCounters::default() }, "{hook:?}");
    }
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn no_program_does_anything_behind_a_closed_gate_or_a_deaf_one() -> Result<()> {
    let mut object = Object::load()?;
    let packet = over_ipv4(17, &udp(&[]));
    for hook in hooks() {
        for (state, unheard) in [(Gate::CLOSED, 0), (Gate::DEAF, 1), (77, 1)] {
            object.gate(hook, Gate { state, ..OPEN })?;
            object.run(hook, &packet, None)?;
            assert_eq!(
                (object.events().len(), object.counters(hook)?.unheard),
                (0, unheard),
                "{hook:?} {state}"
            );
        }
        assert_eq!(object.counters(hook)?.produced, 0);
    }
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn what_the_kernel_knows_of_a_packet_is_in_the_event() -> Result<()> {
    let mut object = Object::load()?;
    object.gate(Hook::ToNetdev, OPEN)?;
    // linux: struct __sk_buff, of which a test run takes these
    let mut context = [0_u32; 48];
    (context[2], context[44], context[41]) = (0xe00, 1448, 3);
    object.run(Hook::ToNetdev, &over_ipv4(6, &[0; 3000]), Some(context.as_bytes()))?;
    let (event, _) = object.events().remove(0);
    assert_eq!((event.mark, event.gso_size, event.gso_segs), (0xe00, 1448, 3));
    Ok(())
}

#[test]
#[ignore = "needs root: cargo xtask test netns"]
fn a_full_ring_is_counted_as_such() -> Result<()> {
    let mut object = Object::load()?;
    object.gate(Hook::FromNetdev, OPEN)?;
    let packet = over_ipv4(17, &udp(&[0; 60]));
    for _ in 0..2000 {
        object.run(Hook::FromNetdev, &packet, None)?;
    }
    let counters = object.counters(Hook::FromNetdev)?;
    let delivered = object.events().len() as u64;
    assert!(counters.lost_full > 0 && delivered > 0);
    assert_eq!((counters.produced, counters.lost()), (2000, counters.lost_full));
    assert_eq!(counters.produced, delivered + counters.lost());
    Ok(())
}
