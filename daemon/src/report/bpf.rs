//! What is only known by trying: in a network namespace made for it, which nobody else sees.

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use wgtrace_abi::{Hook, names};

use super::{Answer, Finding};
use crate::netns::{Netns, scratch};
use crate::probe::attach::{Attached, Mechanism};
use crate::probe::instance::Instance;
use crate::probe::ring::{RingSettings, Rings};
use crate::probe::{Interface, ProbeError};

pub(super) fn rings() -> Finding {
    match Rings::open(&RingSettings { pages_per_cpu: 1, ..RingSettings::default() }) {
        Ok(rings) => {
            Finding::new(Answer::Yes(format!("{} opened", rings.fds().count())), "events can be read")
        }
        Err(error) => {
            Finding::new(Answer::No(error.to_string()), "no events: tracing does not work until this does")
        }
    }
}

pub(super) fn programs() -> Finding {
    let refused = "what is attached with these programs cannot be traced";
    let instance = Netns::current().map_err(ProbeError::from).and_then(|netns| Instance::load(netns.inode()));
    let mut instance = match instance {
        Ok(instance) => instance,
        Err(error) => return Finding::new(refusal(&error), refused),
    };
    let mut taken: usize = 0;
    for hook in Hook::ALL {
        if let Err(error) = instance.verify(hook) {
            return Finding::new(Answer::No(format!("{}: {error}", names::program(hook))), refused);
        }
        taken = taken.saturating_add(1);
    }
    Finding::new(
        Answer::Yes(format!("for all {taken} hooks")),
        "the verifier takes every program of the trace",
    )
}

pub(super) fn tcx() -> Finding {
    match try_attaching(Mechanism::Tcx, Hook::FromNetdev) {
        Ok(Attached::Tcx) => Finding::new(
            Answer::Yes("attached one".into()),
            "our programs run first and vanish with the daemon, even after SIGKILL",
        ),
        Ok(_) => Finding::new(Answer::No("the kernel has none (Linux 6.6 has)".into()), WITHOUT_TCX),
        Err(answer) => Finding::new(answer, WITHOUT_TCX),
    }
}

const WITHOUT_TCX: &str =
    "clsact is used instead: after SIGKILL filters stay, deaf, until the next start removes them";

pub(super) fn clsact() -> Finding {
    match try_attaching(Mechanism::Clsact, Hook::ToNetdev) {
        Ok(_) => Finding::new(Answer::Yes("attached a filter".into()), "there is a way without TCX"),
        Err(answer) => Finding::new(answer, "tracing takes TCX here"),
    }
}

pub(super) fn tap() -> Finding {
    match try_attaching(Mechanism::Tcx, Hook::TapOut) {
        Ok(_) => Finding::new(
            Answer::Yes("attached one".into()),
            "--tap shows what really left and entered a device",
        ),
        Err(answer) => Finding::new(answer, "--tap does not work"),
    }
}

pub(super) fn packet_socket() -> Finding {
    match socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None) {
        Ok(_) => Finding::new(Answer::Yes(String::new()), "devices can be tapped"),
        Err(error @ (Errno::PERM | Errno::ACCESS)) => {
            Finding::new(Answer::Unknown(format!("{error}")), "taps take CAP_NET_RAW")
        }
        Err(error) => Finding::new(Answer::No(error.to_string()), "devices cannot be tapped"),
    }
}

/// How a program is attached to the loopback device of a namespace made for it.
fn try_attaching(mechanism: Mechanism, hook: Hook) -> Result<Attached, Answer> {
    let attempt = || {
        let mut instance = Instance::load(Netns::current()?.inode())?;
        instance.use_mechanism(mechanism);
        instance.attach(&Interface { name: "lo".into(), index: 1 }, hook)
    };
    match scratch(attempt) {
        Ok(attached) => attached.map_err(|error| refusal(&error)),
        Err(error) => {
            Err(Answer::Unknown(format!("no namespace to try it in: {error} (this takes CAP_SYS_ADMIN)")))
        }
    }
}

/// What is forbidden to this process may still be there.
fn refusal(error: &ProbeError) -> Answer {
    if matches!(error, ProbeError::Forbidden { .. }) {
        Answer::Unknown(error.to_string())
    } else {
        Answer::No(error.to_string())
    }
}
