//! The library on the devices of a namespace.

use anyhow::Result;
use wgtrace_abi::{Gate, Hook, HookCounters, PacketEvent};
use wgtrace_testbed::{Line, Namespace};
use wgtraced::probe::Interface;
use wgtraced::probe::instance::Instance;
use wgtraced::probe::ring::{RingSettings, Rings};
use zerocopy::FromBytes as _;

/// An instance and its rings.
pub(crate) struct Listener<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) rings: Rings,
    pub(crate) instance: Instance,
}

/// An event and the packet bytes in it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) cpu: u32,
    pub(crate) event: PacketEvent,
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Listener<'a> {
    /// Listens, at no hook yet.
    pub(crate) fn new(namespace: &'a Namespace) -> Result<Self> {
        let rings = Rings::open(&RingSettings::default())?;
        let mut instance = Instance::load(namespace.inode()?)?;
        instance.connect(&rings)?;
        Ok(Self { namespace, rings, instance })
    }

    /// Listens at `eth0` of the left end of a line, on the way out.
    pub(crate) fn at_the_exit(line: &'a Line) -> Result<Self> {
        let mut listener = Self::new(&line.left)?;
        listener.open("eth0", Hook::ToNetdev)?;
        Ok(listener)
    }

    /// Opens a hook of a device, for whole events of every packet.
    pub(crate) fn open(&mut self, device: &str, hook: Hook) -> Result<()> {
        self.attach(device, hook)?;
        self.instance.open_gate(hook, Gate::DEFAULT_SNAPLEN, 1)?;
        Ok(())
    }

    /// Attaches the program of a hook, whose gate stays as it is.
    pub(crate) fn attach(&mut self, device: &str, hook: Hook) -> Result<()> {
        let interface = interface(self.namespace, device)?;
        let instance = &mut self.instance;
        self.namespace.run(|| instance.attach(&interface, hook))??;
        Ok(())
    }

    /// Taps a device, both ways.
    pub(crate) fn tap(&mut self, device: &str) -> Result<()> {
        let interface = interface(self.namespace, device)?;
        let instance = &mut self.instance;
        self.namespace.run(|| instance.tap(&interface))??;
        for hook in [Hook::TapIn, Hook::TapOut] {
            self.instance.open_gate(hook, Gate::DEFAULT_SNAPLEN, 1)?;
        }
        Ok(())
    }

    /// Everything that came since the last call.
    pub(crate) fn seen(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        self.rings.flush(&mut |cpu, record: &[u8]| {
            let (event, rest) = PacketEvent::read_from_prefix(record).unwrap();
            assert!(event.is_supported());
            seen.push(Seen { cpu, event, bytes: rest[..usize::from(event.captured)].to_vec() });
        });
        seen
    }

    /// How many events came since the last call, by hook.
    pub(crate) fn count(&mut self, hook: Hook) -> u64 {
        self.seen().iter().filter(|seen| seen.event.hook() == Some(hook)).count() as u64
    }

    /// The counters of a hook, of all CPUs together.
    pub(crate) fn counters(&self, hook: Hook) -> Result<HookCounters> {
        let all = self.instance.counters()?;
        let of_hook = all.into_iter().filter(|(_, of, _)| *of == hook).map(|(_, _, counters)| counters);
        Ok(of_hook.fold(HookCounters::default(), |sum, one| HookCounters {
            produced: sum.produced + one.produced,
            filtered: sum.filtered + one.filtered,
            sampled_out: sum.sampled_out + one.sampled_out,
            unheard: sum.unheard + one.unheard,
            lost_full: sum.lost_full + one.lost_full,
            lost_busy: sum.lost_busy + one.lost_busy,
            lost_other: sum.lost_other + one.lost_other,
            last_error: one.last_error.max(sum.last_error),
        }))
    }

    /// How often the program of a hook ran.
    pub(crate) fn runs(&self, hook: Hook) -> Result<u64> {
        let name = wgtrace_abi::names::program(hook);
        let programs = self.instance.programs()?;
        Ok(programs.into_iter().filter(|program| program.name == name).map(|program| program.runs).sum())
    }
}

/// A device as the library wants it.
pub(crate) fn interface(namespace: &Namespace, device: &str) -> Result<Interface> {
    Ok(Interface { name: device.to_owned(), index: namespace.link(device)?.index })
}
