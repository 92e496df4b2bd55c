//! What this process may do.

use std::fs;

use rustix::process::{Resource, getrlimit};
use rustix::thread::{CapabilitySet, capabilities as held};

use super::{Answer, Finding};

pub(super) fn capabilities() -> Finding {
    let effective = match held(None) {
        Ok(sets) => sets.effective,
        Err(error) => return Finding::new(Answer::Unknown(error.to_string()), "what is refused below tells"),
    };
    let has = |capability| effective.contains(capability);
    let missing: Vec<&str> = NEEDED
        .into_iter()
        // CAP_SYS_ADMIN stands for those that were once part of it
        .filter(|(capability, _, of_admin)| !(has(*capability) || *of_admin && has(CapabilitySet::SYS_ADMIN)))
        .map(|(_, name, _)| name)
        .collect();
    if missing.is_empty() {
        Finding::new(
            Answer::Yes("all that tracing takes".into()),
            "tracing is allowed as far as capabilities go",
        )
    } else {
        let consequence = "tracing needs them: run as root, or give the service these capabilities";
        Finding::new(Answer::No(format!("missing {}", missing.join(", "))), consequence)
    }
}

const NEEDED: [(CapabilitySet, &str, bool); 5] = [
    (CapabilitySet::BPF, "CAP_BPF", true),
    (CapabilitySet::PERFMON, "CAP_PERFMON", true),
    (CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN", false),
    (CapabilitySet::NET_RAW, "CAP_NET_RAW", false),
    (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN (for other network namespaces)", false),
];

pub(super) fn memlock() -> Finding {
    match getrlimit(Resource::Memlock).current {
        None => Finding::new(Answer::Text("unlimited".into()), "rings and maps of any size"),
        Some(bytes) => Finding::new(
            Answer::Text(format!("{} KiB", bytes / 1024)),
            "counts for rings without CAP_IPC_LOCK, and for maps before Linux 5.11; the daemon raises it where it may",
        ),
    }
}

pub(super) fn lockdown() -> Finding {
    let Ok(modes) = fs::read_to_string("/sys/kernel/security/lockdown") else {
        return Finding::new(
            Answer::No("no lockdown file".into()),
            "nothing is locked down, or securityfs is not mounted",
        );
    };
    let mode = modes.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("none").to_owned();
    match mode.as_str() {
        "none" => Finding::new(Answer::No(String::new()), "nothing is locked down"),
        "confidentiality" => Finding::new(
            Answer::Yes(mode),
            "programs that read the kernel are refused: keys cannot be exported by probes",
        ),
        _ => Finding::new(Answer::Yes(mode), "tracing packets stays allowed"),
    }
}

pub(super) fn unprivileged_bpf() -> Finding {
    match read_number("/proc/sys/kernel/unprivileged_bpf_disabled") {
        Ok(0) => Finding::new(
            Answer::Yes(String::new()),
            "everybody may load programs; that is wider than this needs",
        ),
        Ok(value) => Finding::new(
            Answer::No(format!("setting {value}")),
            "as it should be: loading programs takes CAP_BPF",
        ),
        Err(unknown) => Finding::new(unknown, "loading programs takes CAP_BPF at least"),
    }
}

pub(super) fn perf_event_paranoid() -> Finding {
    match read_number("/proc/sys/kernel/perf_event_paranoid") {
        Ok(level @ ..=2) => {
            Finding::new(Answer::Text(level.to_string()), "rings open with CAP_PERFMON (or CAP_SYS_ADMIN)")
        }
        Ok(level) => Finding::new(
            Answer::Text(level.to_string()),
            "where the distribution adds levels above 2, rings take CAP_SYS_ADMIN: run as root, or set it to 2",
        ),
        Err(unknown) => Finding::new(unknown, "whether rings open is tried below"),
    }
}

pub(super) fn read_number(path: &str) -> Result<i64, Answer> {
    let text = fs::read_to_string(path).map_err(|error| Answer::Unknown(format!("{path}: {error}")))?;
    text.trim().parse().map_err(|_| Answer::Unknown(format!("{path}: `{}`", text.trim())))
}
