//! Attaching forwarding programs so that they stay, and finding what is attached.

use std::path::Path;

use aya::programs::links::{FdLink, PinnedLink};
use aya::programs::tc::{self, SchedClassifierLink, TcHandle};
use aya::programs::{ProgramInfo, SchedClassifier, TcAttachType};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, netdevice, socket};
use wgtrace_abi::{Hook, names};

use super::pins::Pins;
use crate::probe::attach::{self, Mechanism};
use crate::probe::instance::Instance;
use crate::probe::{Interface, ProbeError};

/// A program that was attached to an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The interface.
    pub ifindex: u32,
    /// Its name; `None` when there is no such interface any more.
    pub name: Option<String>,
    /// The hook whose program it is.
    pub hook: Hook,
    /// What is there now.
    pub program: Program,
}

/// What is at an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The program of this instance.
    Own,
    /// One of an earlier start, which goes on until it is exchanged.
    Earlier,
    /// A filter, of this start or an earlier one.
    Filter,
    /// None: the interface went away, or somebody removed it.
    Gone,
}

/// Attaches `program`, or exchanges it for the one that is there; how.
pub(super) fn attach(
    pins: &Pins,
    program: &mut SchedClassifier,
    interface: &Interface,
    hook: Hook,
    mechanism: Option<Mechanism>,
) -> Result<Mechanism, ProbeError> {
    let side = side(hook)?;
    let pin = pins.link(interface.index, hook);
    if let Some((link, id)) = pinned(&pin)? {
        if is_at(id, interface, side)? {
            let id = program.attach_to_link(link).map_err(|error| {
                ProbeError::program(format!("exchange the program at {interface}"), &error)
            })?;
            // it is pinned: the descriptor is all that goes
            drop(program.take_link(id).map_err(|error| ProbeError::program("keep a link", &error))?);
            return Ok(Mechanism::Tcx);
        }
        drop(link);
    }
    pins.remove(interface.index, hook)?;
    if mechanism != Some(Mechanism::Clsact)
        && let Some(link) = attach::tcx(program, interface, side)?
    {
        let link = FdLink::try_from(link).map_err(|error| other("keep a link", &error))?;
        link.pin(&pin).map_err(|error| other(format!("pin {}", pin.display()), &error))?;
        return Ok(Mechanism::Tcx);
    }
    filter(program, interface, side, hook)?;
    program.pin(&pin).map_err(|error| other(format!("pin {}", pin.display()), &error))?;
    Ok(Mechanism::Clsact)
}

/// Detaches every hook's program from `interface`; how many there were.
pub(super) fn detach(pins: &Pins, interface: &Interface) -> Result<usize, ProbeError> {
    let mut detached: usize = 0;
    for (ifindex, hook) in pins.attachments()? {
        if ifindex != interface.index {
            continue;
        }
        let is_link = pinned(&pins.link(ifindex, hook))?.is_some();
        if !is_link && let Some(name) = names::forwarder(hook) {
            remove_filter(interface, side(hook)?, name)?;
        }
        // the last reference to a link
        pins.remove(ifindex, hook)?;
        detached = detached.saturating_add(1);
    }
    Ok(detached)
}

/// What is attached, and by what.
pub(super) fn attached(pins: &Pins, instance: &mut Instance) -> Result<Vec<Attachment>, ProbeError> {
    let mut found = Vec::new();
    for (ifindex, hook) in pins.attachments()? {
        let name = name_of(ifindex);
        let program = match (&name, pinned(&pins.link(ifindex, hook))?) {
            (None, _) => Program::Gone,
            (Some(_), None) => Program::Filter,
            (Some(name), Some((_, id))) => {
                let interface = Interface { name: name.clone(), index: ifindex };
                if !is_at(id, &interface, side(hook)?)? {
                    Program::Gone
                } else if instance.forwarder_id(hook)? == Some(id) {
                    Program::Own
                } else {
                    Program::Earlier
                }
            }
        };
        found.push(Attachment { ifindex, name, hook, program });
    }
    Ok(found)
}

/// The link that is pinned there, and its program; `None` when there is none, or something else.
fn pinned(pin: &Path) -> Result<Option<(SchedClassifierLink, u32)>, ProbeError> {
    if !pin.exists() {
        return Ok(None);
    }
    let link = PinnedLink::from_pin(pin).map_err(|error| other(format!("open {}", pin.display()), &error))?;
    let link = FdLink::from(link);
    let Ok(info) = link.info() else { return Ok(None) };
    // by its kind: a program is not a link
    Ok(SchedClassifierLink::try_from(link).ok().map(|link| (link, info.program_id())))
}

/// Whether the program with this number is among those of an interface.
fn is_at(id: u32, interface: &Interface, side: TcAttachType) -> Result<bool, ProbeError> {
    let (_, programs) = SchedClassifier::query_tcx(&interface.name, side)
        .map_err(|error| ProbeError::program(format!("list the programs of {interface}"), &error))?;
    Ok(programs.iter().map(ProgramInfo::id).any(|other| other == id))
}

/// A filter of a handle that is this hook's: the one that is there is exchanged.
fn filter(
    program: &mut SchedClassifier,
    interface: &Interface,
    side: TcAttachType,
    hook: Hook,
) -> Result<(), ProbeError> {
    let handle = TcHandle::from(HANDLES | u32::from(hook.number()));
    for priority in 1..=attach::LAST_PRIORITY {
        let there = SchedClassifierLink::attached(&interface.name, side, priority, handle, None)
            .map_err(|error| ProbeError::io(format!("find {interface}"), &error))?;
        if let Ok(id) = program.attach_to_link(there) {
            std::mem::forget(
                program.take_link(id).map_err(|error| ProbeError::program("keep a filter", &error))?,
            );
            return Ok(());
        }
    }
    let (link, _) = attach::clsact(program, interface, side, handle)?;
    // dropped, it would be removed
    std::mem::forget(link);
    Ok(())
}

fn remove_filter(interface: &Interface, side: TcAttachType, name: &str) -> Result<(), ProbeError> {
    match tc::qdisc_detach_program(&interface.name, side, name) {
        Ok(()) => Ok(()),
        Err(error) => match attach::errno_of_tc(&error) {
            // no such filter, no qdisc, no interface
            None | Some(Errno::INVAL | Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::OPNOTSUPP) => {
                Ok(())
            }
            Some(errno) => Err(ProbeError::call(format!("remove filter {name} from {interface}"), errno)),
        },
    }
}

fn side(hook: Hook) -> Result<TcAttachType, ProbeError> {
    attach::side(hook).ok_or_else(|| ProbeError::Other {
        what: format!("forward at {}", hook.name()),
        reason: "packet sockets forward nothing".into(),
    })
}

fn name_of(ifindex: u32) -> Option<String> {
    let socket = socket(AddressFamily::UNIX, SocketType::DGRAM, None).ok()?;
    netdevice::index_to_name(&socket, ifindex).ok()
}

fn other(what: impl Into<String>, error: &dyn std::error::Error) -> ProbeError {
    ProbeError::Other { what: what.into(), reason: error.to_string() }
}

/// What the handles of our filters start with, nobody else's by chance.
const HANDLES: u32 = 0x7767_6600;
