//! Attaching tracers to tc: as TCX links in front of all others, or as clsact filters where there is no TCX.
//!
//! A TCX link (Linux 6.6 and later) ends with the process, however it ends. A clsact filter stays: without its
//! ring the program turns deaf by itself and costs next to nothing, and the next start removes it by name. So of two
//! tracers on one interface of an older kernel the later one takes over.
//!
//! Filters get priority 1. Beside filters of others with that priority and kind, the kernel puts the newest first; where
//! priority 1 is another kind's, ours comes behind it and does not see what it ends (redirects, drops, accepts).
//! Qdiscs are added and never removed: somebody else's filters may have come meanwhile.

use std::sync::atomic::{AtomicU32, Ordering};

use aya::programs::{
    LinkOrder, SchedClassifier, TcAttachType,
    tc::{self, NlOptions, SchedClassifierLink, TcAttachOptions, TcHandle},
};
use rustix::io::Errno;
use wgtrace_abi::{Hook, hook::Attachment, names};

pub(crate) use super::error::errno_of_tc;
use super::{Interface, ProbeError};

/// How tc programs are attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// Links: Linux 6.6 and later.
    Tcx,
    /// Filters on a clsact qdisc.
    Clsact,
}

/// How a hook is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attached {
    /// Before every other TCX program of the moment, and before clsact.
    Tcx,
    /// By a filter with this priority: first when it is 1.
    Clsact {
        /// 1 unless that one belongs to another kind of filter.
        priority: u16,
    },
    /// By a packet socket.
    Socket,
}

/// The tc side of a hook; `None` for those on packet sockets.
pub(crate) fn side(hook: Hook) -> Option<TcAttachType> {
    match hook.attachment() {
        Attachment::Ingress => Some(TcAttachType::Ingress),
        Attachment::Egress => Some(TcAttachType::Egress),
        Attachment::Socket => None,
    }
}

/// Attaches in front of all others; `None` when this kernel has no TCX.
pub(crate) fn tcx(
    program: &mut SchedClassifier,
    interface: &Interface,
    side: TcAttachType,
) -> Result<Option<SchedClassifierLink>, ProbeError> {
    let first = TcAttachOptions::TcxOrder(LinkOrder::first());
    match attach(program, interface, side, first) {
        Ok(link) => Ok(Some(link)),
        Err(error) if error.errno() == Some(Errno::INVAL) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Attaches by a filter with this handle, of the lowest priority to be had; returns that too.
pub(crate) fn clsact(
    program: &mut SchedClassifier,
    interface: &Interface,
    side: TcAttachType,
    handle: TcHandle,
) -> Result<(SchedClassifierLink, u16), ProbeError> {
    match tc::qdisc_add_clsact(&interface.name) {
        Ok(()) => {}
        Err(error) => match errno_of_tc(&error) {
            Some(Errno::EXIST) => {}
            Some(Errno::NODEV | Errno::NXIO) => return Err(ProbeError::Gone(interface.clone())),
            Some(errno) => return Err(ProbeError::call(format!("add a clsact qdisc to {interface}"), errno)),
            None => {
                let what = format!("add a clsact qdisc to {interface}");
                return Err(ProbeError::Other { what, reason: error.to_string() });
            }
        },
    }
    let mut priority = 1;
    loop {
        let options = TcAttachOptions::Netlink(NlOptions { priority, handle, ..NlOptions::default() });
        match attach(program, interface, side, options) {
            Ok(link) => return Ok((link, priority)),
            // the priority belongs to another kind of filter or another protocol
            Err(error)
                if matches!(error.errno(), Some(Errno::INVAL | Errno::EXIST)) && priority < LAST_PRIORITY =>
            {
                priority += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Removes clsact filters that an earlier run left on `interfaces` of the namespace this thread is in, and nobody
/// else's; returns how many. Interfaces that are gone have none.
pub fn sweep(interfaces: &[Interface]) -> Result<usize, ProbeError> {
    let mut removed: usize = 0;
    for interface in interfaces {
        for (side, program) in programs() {
            match tc::qdisc_detach_program(&interface.name, side, program) {
                Ok(()) => removed = removed.saturating_add(1),
                Err(error) => match errno_of_tc(&error) {
                    Some(Errno::PERM | Errno::ACCESS) => {
                        let what = format!("remove filter {program} from {interface}");
                        return Err(ProbeError::call(what, Errno::PERM));
                    }
                    // no such filter (aya), no clsact qdisc, no such interface, another of ours was quicker
                    None
                    | Some(Errno::INVAL | Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::OPNOTSUPP) => {}
                    Some(errno) => {
                        return Err(ProbeError::call(
                            format!("remove filter {program} from {interface}"),
                            errno,
                        ));
                    }
                },
            }
        }
    }
    Ok(removed)
}

fn attach(
    program: &mut SchedClassifier,
    interface: &Interface,
    side: TcAttachType,
    options: TcAttachOptions,
) -> Result<SchedClassifierLink, ProbeError> {
    let id = program.attach_with_options(&interface.name, side, options).map_err(|error| {
        let error = ProbeError::program(format!("attach to {interface}"), &error);
        let gone = matches!(error.errno(), Some(Errno::NODEV | Errno::NXIO));
        if gone { ProbeError::Gone(interface.clone()) } else { error }
    })?;
    program.take_link(id).map_err(|error| ProbeError::program("keep a link", &error))
}

/// Every program of ours that may be on a tc side.
fn programs() -> impl Iterator<Item = (TcAttachType, &'static str)> {
    Hook::ALL.into_iter().filter_map(|hook| Some((side(hook)?, names::program(hook))))
}

/// A handle that nobody else has: who removes a filter by it removes no successor of another process.
pub(super) fn own_handle() -> TcHandle {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // linux: PID_MAX_LIMIT is 22 bits
    TcHandle::from((std::process::id() << 10) | (NEXT.fetch_add(1, Ordering::Relaxed) & 0x3ff))
}

/// Where looking for a free priority ends.
pub(crate) const LAST_PRIORITY: u16 = 8;
