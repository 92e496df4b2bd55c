//! What this process may do: at first what its set-up takes, then less.
//!
//! Capabilities are each thread's own (`capabilities(7)`), and a new thread has those of who starts it. So all but those
//! that are named here go while there is one thread only, and those of the set-up once more on each thread that lasts.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

/// What a node needs as long as it runs.
pub const LASTING: CapabilitySet = CapabilitySet::NET_ADMIN // links, routes, rules, nf_tables, TUN, programs on devices
    .union(CapabilitySet::NET_RAW) // the tap of the native device, whichever that is
    .union(CapabilitySet::BPF) // programs and maps, which are loaded again when they are updated
    .union(CapabilitySet::PERFMON) // rings, which are opened when somebody listens
    .union(CapabilitySet::SYS_ADMIN) // pods' namespaces, which are entered when one is added
    .union(CapabilitySet::SYS_PTRACE) // and which runtimes may name by a process: /proc/PID/ns/net
    .union(CapabilitySet::IPC_LOCK); // rings larger than what everybody may lock

/// What it needs until it listens.
const SET_UP: CapabilitySet = CapabilitySet::CHOWN // the socket is its group's
    .union(CapabilitySet::DAC_OVERRIDE) // a key log is where it was asked for
    .union(CapabilitySet::FOWNER); // and is nobody else's

/// Gives up for good what a node never needs. It is called before there is a second thread.
///
/// # Errors
/// When the kernel refuses what it refuses nobody.
pub fn confine() -> io::Result<()> {
    // before Linux 5.11 maps count as locked memory; raising it takes a capability that goes here, if it was there at all
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    let before = capabilities(None)?;
    let kept = before.permitted & (LASTING | SET_UP);
    if before.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().difference(LASTING | SET_UP).iter() {
            match remove_capability_from_bounding_set(capability) {
                // one that this kernel does not have
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    clear_ambient_capability_set()?;
    set_no_new_privs(true)?;
    set(kept)
}

/// Has the calling thread go on with what lasts.
///
/// # Errors
/// When the kernel refuses what it refuses nobody.
pub fn settle() -> io::Result<()> {
    set(capabilities(None)?.permitted & LASTING)
}

fn set(kept: CapabilitySet) -> io::Result<()> {
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, sets)?)
}
