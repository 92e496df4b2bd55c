//! What an instance has attached, and getting rid of it in the right namespace.

use aya::{
    Ebpf,
    programs::{Link as _, tc::SchedClassifierLink},
};
use rustix::io::Errno;
use wgtrace_abi::{Hook, names};

use super::{ProbeError, programs, same_program};
use crate::{
    netns::Netns,
    probe::{
        Interface,
        attach::{self, Attached, Mechanism},
        tap::Tap,
    },
};

#[derive(Debug)]
pub(super) struct Attachments {
    inode: u32,
    /// The namespace, held from the first attachment on: filters are removed there.
    home: Option<Netns>,
    /// Known from the first attachment on.
    mechanism: Option<Mechanism>,
    /// Interfaces without filters of an earlier run.
    swept: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    interface: Interface,
    hook: Hook,
    how: Attached,
    hold: Hold,
}

/// What keeps a program attached.
#[derive(Debug)]
enum Hold {
    Tcx(SchedClassifierLink),
    Clsact(SchedClassifierLink),
    Tap(Tap),
}

impl Attachments {
    pub(super) fn new(inode: u32) -> Self {
        Self { inode, home: None, mechanism: None, swept: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn attach(
        &mut self,
        ebpf: &mut Ebpf,
        interface: &Interface,
        hook: Hook,
    ) -> Result<Attached, ProbeError> {
        let same =
            |entry: &&Entry| entry.interface.index == interface.index && same_program(entry.hook, hook);
        if let Some(entry) = self.entries.iter().find(same) {
            return Ok(entry.how);
        }
        self.settle()?;
        let (how, hold) = match attach::side(hook) {
            None => (Attached::Socket, Hold::Tap(Tap::open(interface, programs::tap(ebpf)?)?)),
            Some(side) => {
                self.sweep(interface)?;
                let program = programs::classifier(ebpf, names::program(hook))?;
                let link = match self.mechanism {
                    Some(Mechanism::Clsact) => None,
                    Some(Mechanism::Tcx) | None => attach::tcx(program, interface, side)?,
                };
                if let Some(link) = link {
                    self.mechanism = Some(Mechanism::Tcx);
                    (Attached::Tcx, Hold::Tcx(link))
                } else {
                    let (link, priority) = attach::clsact(program, interface, side, attach::own_handle())?;
                    self.mechanism = Some(Mechanism::Clsact);
                    (Attached::Clsact { priority }, Hold::Clsact(link))
                }
            }
        };
        // the tap's two hooks are one socket
        let hook = if how == Attached::Socket { Hook::TapOut } else { hook };
        self.entries.push(Entry { interface: interface.clone(), hook, how, hold });
        Ok(how)
    }

    /// Detaches those that `which` says, each whatever becomes of the others; returns the first error.
    pub(super) fn detach(&mut self, which: impl Fn(u32, Hook) -> bool) -> Result<(), ProbeError> {
        let leaving: Vec<_> =
            self.entries.extract_if(.., |entry| which(entry.interface.index, entry.hook)).collect();
        for entry in &leaving {
            // the number may be another interface's next
            self.swept.retain(|index| *index != entry.interface.index);
        }
        self.release(leaving)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Interface, Hook, Attached)> {
        self.entries.iter().map(|entry| (&entry.interface, entry.hook, entry.how))
    }

    pub(super) fn use_mechanism(&mut self, mechanism: Mechanism) {
        self.mechanism = Some(mechanism);
    }

    /// Makes sure that this thread is where the instance belongs.
    fn settle(&mut self) -> Result<(), ProbeError> {
        let here = Netns::current()?;
        if here.inode() != self.inode {
            return Err(ProbeError::WrongNamespace { expected: self.inode, found: here.inode() });
        }
        self.home.get_or_insert(here);
        Ok(())
    }

    fn sweep(&mut self, interface: &Interface) -> Result<(), ProbeError> {
        if !self.swept.contains(&interface.index) {
            attach::sweep(std::slice::from_ref(interface))?;
            self.swept.push(interface.index);
        }
        Ok(())
    }

    /// Filters are removed by the number of their interface, which means another one in another namespace.
    fn release(&self, leaving: Vec<Entry>) -> Result<(), ProbeError> {
        let mut filters = Vec::new();
        let mut outcome = Ok(());
        for Entry { interface, hold, .. } in leaving {
            match hold {
                Hold::Tcx(link) => outcome = outcome.and(detached(&interface, link)),
                Hold::Clsact(link) => filters.push((interface, link)),
                Hold::Tap(tap) => drop(tap),
            }
        }
        if let Some(home) = self.home.as_ref().filter(|_| !filters.is_empty()) {
            let within = home.within(|| {
                let mut outcome = Ok(());
                for (interface, link) in filters.drain(..) {
                    outcome = outcome.and(detached(&interface, link));
                }
                outcome
            });
            for (_, link) in filters {
                // never from here: better left for the next start to remove
                std::mem::forget(link);
            }
            outcome = outcome.and(within?);
        }
        outcome
    }
}

impl Drop for Attachments {
    fn drop(&mut self) {
        let all = std::mem::take(&mut self.entries);
        if let Err(error) = self.release(all) {
            tracing::warn!(%error, "a program stays attached, without a listener");
        }
    }
}

/// An interface that is gone took its programs along.
fn detached(interface: &Interface, link: SchedClassifierLink) -> Result<(), ProbeError> {
    let Err(error) = link.detach() else { return Ok(()) };
    let error = ProbeError::program(format!("detach from {interface}"), &error);
    match error.errno() {
        Some(Errno::NODEV | Errno::NXIO | Errno::NOENT | Errno::INVAL) => Ok(()),
        _ => Err(error),
    }
}
