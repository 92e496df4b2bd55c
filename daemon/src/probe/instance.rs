//! The kernel object, loaded for one network namespace.
//!
//! ```no_run
//! use wgtrace_abi::{Gate, Hook};
//! use wgtraced::probe::{Interface, instance::Instance, ring::{RingSettings, Rings}};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rings = Rings::open(&RingSettings::default())?;
//! let mut instance = Instance::load(wgtraced::netns::Netns::current()?.inode())?;
//! instance.connect(&rings)?;
//! instance.attach(&Interface { name: "eth0".into(), index: 2 }, Hook::FromNetdev)?;
//! instance.open_gate(Hook::FromNetdev, Gate::DEFAULT_SNAPLEN, 1)?;
//! rings.drain(&mut |_cpu, _record| {});
//! # Ok(())
//! # }
//! ```

mod attachments;
mod gates;
mod kernel;
mod maps;
mod programs;

use std::os::fd::OwnedFd;
use std::path::Path;

use aya::{Ebpf, EbpfLoader, programs::SchedClassifier, sys::Stats};
use rustix::process::{Resource, Rlimit, setrlimit};
use wgtrace_abi::{Filter, Gate, Hook, HookCounters, names};

use self::attachments::Attachments;
pub use self::programs::ProgramFacts;
use super::{
    Interface, ProbeError,
    attach::{Attached, Mechanism},
    ring::{Rings, cpus},
};

/// The programs and maps of one network namespace.
///
/// Attached programs are detached when it is dropped, wherever that happens.
#[derive(Debug)]
pub struct Instance {
    // before the maps: programs end first
    attachments: Attachments,
    ebpf: Ebpf,
    gates: [Gate; Hook::COUNT],
    possible: Vec<u32>,
}

impl Instance {
    /// Loads the maps for the namespace with this inode; programs follow as they are needed.
    pub fn load(netns_inode: u32) -> Result<Self, ProbeError> {
        Self::load_with(netns_inode, |loader| {
            // tracers decide nothing
            for name in names::STATE {
                loader.map_max_entries(name, 1);
            }
        })
    }

    /// The same with the maps that forwarding is decided by pinned in `folder`: those that are there, or new ones.
    pub(crate) fn load_pinned(netns_inode: u32, folder: &Path) -> Result<Self, ProbeError> {
        Self::load_with(netns_inode, |loader| {
            for name in names::STATE {
                loader.map_pin_path(name, folder.join(name));
            }
        })
    }

    fn load_with(netns_inode: u32, change: impl FnOnce(&mut EbpfLoader<'_>)) -> Result<Self, ProbeError> {
        // before Linux 5.11 maps count as locked memory; where this is refused, creating them tells
        let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
        let possible = cpus::read(cpus::POSSIBLE)?;
        let most = possible.last().map_or(1, |last| last.saturating_add(1));
        let mut loader = EbpfLoader::new();
        loader.override_global(names::NETNS, &netns_inode, true).map_max_entries(names::EVENTS, most);
        change(&mut loader);
        let ebpf = loader.load(wgtrace_bpf::OBJECT).map_err(|error| ProbeError::object(&error))?;
        let gates = [Gate { snaplen: Gate::DEFAULT_SNAPLEN, ..Gate::default() }; Hook::COUNT];
        Ok(Self { attachments: Attachments::new(netns_inode), ebpf, gates, possible })
    }

    /// Lets programs write to `rings`, and opens gates again where a CPU was deaf.
    pub fn connect(&mut self, rings: &Rings) -> Result<(), ProbeError> {
        let map = maps::events(&self.ebpf)?;
        let mut silent = self.possible.clone();
        for (cpu, event) in rings.fds() {
            kernel::set_event(map, cpu, event)
                .map_err(|errno| ProbeError::call(format!("connect the ring of cpu {cpu}"), errno))?;
            silent.retain(|other| *other != cpu);
        }
        for cpu in silent {
            kernel::unset_event(map, cpu)
                .map_err(|errno| ProbeError::call(format!("disconnect cpu {cpu}"), errno))?;
        }
        for hook in Hook::ALL {
            let gate = self.gate(hook);
            if gate.state == Gate::OPEN {
                maps::set_gate(&mut self.ebpf, hook, gate)?;
            }
        }
        Ok(())
    }

    /// Asks for events of `hook`: with at most `snaplen` bytes of packet, one of `sampling` packets.
    pub fn open_gate(&mut self, hook: Hook, snaplen: u16, sampling: u32) -> Result<(), ProbeError> {
        let snaplen = snaplen.min(wgtrace_abi::PacketEvent::MAX_CAPTURED);
        self.set_gate(hook, Gate { state: Gate::OPEN, snaplen, sampling, ..self.gate(hook) })
    }

    /// Asks for no more events of `hook`. When this returns none is being made: counters and rings hold still.
    pub fn close_gate(&mut self, hook: Hook) -> Result<(), ProbeError> {
        self.set_gate(hook, Gate { state: Gate::CLOSED, ..self.gate(hook) })?;
        kernel::wait_for_programs();
        Ok(())
    }

    /// Closes every gate, as [`close_gate`](Self::close_gate) does, waiting once.
    pub fn close_gates(&mut self) -> Result<(), ProbeError> {
        for hook in Hook::ALL {
            if self.gate(hook).state != Gate::CLOSED {
                self.set_gate(hook, Gate { state: Gate::CLOSED, ..self.gate(hook) })?;
            }
        }
        kernel::wait_for_programs();
        Ok(())
    }

    /// Changes what `hook` is asked for; no packet meets half a filter.
    pub fn set_filter(&mut self, hook: Hook, filter: &Filter) -> Result<(), ProbeError> {
        let gate = self.gate(hook);
        let slot = 1 - gate.filter.min(1);
        maps::set_filter(&mut self.ebpf, hook, slot, filter)?;
        self.set_gate(hook, Gate { filter: slot, ..gate })?;
        // the next filter goes where somebody may still be reading this one's predecessor
        kernel::wait_for_programs();
        Ok(())
    }

    /// Says whether the device's packets start with their IP header: TUN, WireGuard.
    pub fn set_l3(&mut self, ifindex: u32, l3: bool) -> Result<(), ProbeError> {
        maps::set_l3(&mut self.ebpf, ifindex, l3)
    }

    /// Attaches the hook's program to `interface`. The thread must be in the instance's namespace.
    ///
    /// Attaching what is attached already changes nothing.
    pub fn attach(&mut self, interface: &Interface, hook: Hook) -> Result<Attached, ProbeError> {
        self.attachments.attach(&mut self.ebpf, interface, hook)
    }

    /// Taps `interface`, both ways: [`Hook::TapIn`] and [`Hook::TapOut`]. The thread must be in the instance's
    /// namespace.
    pub fn tap(&mut self, interface: &Interface) -> Result<(), ProbeError> {
        self.attachments.attach(&mut self.ebpf, interface, Hook::TapOut).map(drop)
    }

    /// Taps this interface and no other one, or none.
    pub fn tap_only(&mut self, interface: Option<&Interface>) -> Result<(), ProbeError> {
        let index = interface.map(|interface| interface.index);
        self.attachments.detach(|attached, hook| hook == Hook::TapOut && Some(attached) != index)?;
        interface.map_or(Ok(()), |interface| self.tap(interface))
    }

    /// Detaches everything from an interface, which may be gone.
    pub fn detach(&mut self, ifindex: u32) -> Result<(), ProbeError> {
        self.attachments.detach(|attached, _| attached == ifindex)
    }

    /// Detaches one hook's program from an interface, which may be gone.
    pub fn detach_hook(&mut self, ifindex: u32, hook: Hook) -> Result<(), ProbeError> {
        self.attachments.detach(|attached, other| attached == ifindex && same_program(hook, other))
    }

    /// What is attached: interface, hook ([`Hook::TapOut`] for a tap), how.
    pub fn attached(&self) -> impl Iterator<Item = (&Interface, Hook, Attached)> {
        self.attachments.iter()
    }

    /// Attaches the next ones this way; unless told, TCX is tried first.
    pub fn use_mechanism(&mut self, mechanism: Mechanism) {
        self.attachments.use_mechanism(mechanism);
    }

    /// What happened at each hook on each possible CPU.
    pub fn counters(&self) -> Result<Vec<(u32, Hook, HookCounters)>, ProbeError> {
        let mut all = Vec::with_capacity(self.possible.len().saturating_mul(Hook::COUNT));
        for hook in Hook::ALL {
            let counters = maps::counters(&self.ebpf, hook)?;
            all.extend(self.possible.iter().zip(counters).map(|(cpu, counters)| (*cpu, hook, counters)));
        }
        Ok(all)
    }

    /// What the kernel knows of the programs that are loaded.
    pub fn programs(&self) -> Result<Vec<ProgramFacts>, ProbeError> {
        programs::facts(&self.ebpf)
    }

    /// Loads a hook's program without attaching it: whether this kernel takes it.
    pub fn verify(&mut self, hook: Hook) -> Result<(), ProbeError> {
        match super::attach::side(hook) {
            Some(_) => programs::classifier(&mut self.ebpf, names::program(hook)).map(drop),
            None => programs::tap(&mut self.ebpf).map(drop),
        }
    }

    /// The hook's forwarding program, loaded.
    pub(crate) fn forwarder(&mut self, hook: Hook) -> Result<&mut SchedClassifier, ProbeError> {
        let name = names::forwarder(hook)
            .ok_or_else(|| ProbeError::Object(format!("nothing is forwarded at {}", hook.name())))?;
        programs::classifier(&mut self.ebpf, name)
    }

    /// The number of the hook's forwarding program; `None` while it is not loaded.
    pub(crate) fn forwarder_id(&mut self, hook: Hook) -> Result<Option<u32>, ProbeError> {
        let program = names::forwarder(hook).and_then(|name| self.ebpf.program(name));
        let Some(program) = program.filter(|program| program.fd().is_ok()) else { return Ok(None) };
        let info = program.info().map_err(|error| ProbeError::program("look at a program", &error))?;
        Ok(Some(info.id()))
    }

    /// The loaded object.
    pub(crate) fn object(&self) -> &Ebpf {
        &self.ebpf
    }

    /// The loaded object, for test runs of its programs.
    pub fn object_mut(&mut self) -> &mut Ebpf {
        &mut self.ebpf
    }

    fn gate(&self, hook: Hook) -> Gate {
        self.gates.get(usize::from(hook.number())).copied().unwrap_or_default()
    }

    fn set_gate(&mut self, hook: Hook, gate: Gate) -> Result<(), ProbeError> {
        maps::set_gate(&mut self.ebpf, hook, gate)?;
        if let Some(own) = self.gates.get_mut(usize::from(hook.number())) {
            *own = gate;
        }
        Ok(())
    }
}

/// While it lives, the kernel counts the runs of all programs, which costs each some nanoseconds.
#[derive(Debug)]
pub struct RunStatistics {
    _fd: OwnedFd,
}

impl RunStatistics {
    /// Switches them on.
    pub fn enable() -> Result<Self, ProbeError> {
        let fd = aya::sys::enable_stats(Stats::RunTime)
            .map_err(|error| ProbeError::io("enable run statistics", &error.io_error))?;
        Ok(Self { _fd: fd })
    }
}

/// Whether two hooks are one program; so are the tap's.
fn same_program(one: Hook, other: Hook) -> bool {
    names::program(one) == names::program(other)
}
