//! What about this process and this kernel may be behind a refusal.

use std::fmt;

/// What a refusal can come from. Its display says what to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Circumstances {
    /// The effective capabilities as a bit set.
    capabilities: Option<u64>,
    /// The system calls are filtered.
    seccomp: bool,
    /// Root only of a user namespace, whose capabilities the kernel does not count here.
    user_namespace: bool,
    /// The kernel's lockdown mode, unless it is `none`.
    lockdown: Option<String>,
    /// `uname -r`.
    release: String,
}

impl Circumstances {
    pub(crate) fn now() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self::from_texts(
            &read("/proc/thread-self/status"),
            &read("/proc/self/uid_map"),
            &read("/sys/kernel/security/lockdown"),
            &read("/proc/sys/kernel/osrelease"),
        )
    }

    fn from_texts(status: &str, uid_map: &str, lockdown: &str, release: &str) -> Self {
        let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mode = lockdown.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(mode, _)| mode);
        Self {
            capabilities: field("CapEff:").and_then(|set| u64::from_str_radix(set, 16).ok()),
            seccomp: field("Seccomp:").is_some_and(|mode| mode != "0"),
            user_namespace: !uid_map.is_empty() && uid_map.split_whitespace().ne(["0", "0", "4294967295"]),
            lockdown: mode.filter(|mode| *mode != "none").map(Into::into),
            release: release.trim().into(),
        }
    }

    fn missing(&self) -> Vec<&'static str> {
        let Some(set) = self.capabilities else { return Vec::new() };
        let has = |bit: u32| set & (1 << bit) != 0;
        let all = has(SYS_ADMIN);
        let wanted = [
            (!all && !has(BPF), "CAP_BPF (before Linux 5.8: CAP_SYS_ADMIN)"),
            (!all && !has(PERFMON), "CAP_PERFMON (before Linux 5.8: CAP_SYS_ADMIN)"),
            (!has(NET_ADMIN), "CAP_NET_ADMIN"),
            (!has(NET_RAW), "CAP_NET_RAW"),
        ];
        wanted.into_iter().filter_map(|(lacks, name)| lacks.then_some(name)).collect()
    }

    /// Whether it is older than anything this was tried on.
    fn is_old(&self) -> bool {
        let mut parts = self.release.split(['.', '-']).map(|part| part.parse::<u32>().ok());
        matches!((parts.next().flatten(), parts.next().flatten()), (Some(major), Some(minor)) if (major, minor) < OLDEST)
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut causes = Vec::new();
        let missing = self.missing();
        if !missing.is_empty() {
            causes.push(format!("this process lacks {}: run it as root", missing.join(", ")));
        }
        if self.user_namespace {
            causes.push(
                "it runs in a user namespace, whose capabilities do not count for bpf: use the host's".into(),
            );
        }
        if let Some(mode) = &self.lockdown {
            causes.push(format!(
                "kernel lockdown is in mode {mode} (boot with lockdown=none, or without secure boot)"
            ));
        }
        if self.seccomp {
            causes.push("a seccomp filter is in force (let it allow bpf and perf_event_open)".into());
        }
        if self.is_old() {
            let (major, minor) = OLDEST;
            causes
                .push(format!("Linux {} is older than {major}.{minor}, the oldest supported", self.release));
        }
        if causes.is_empty() {
            return write!(
                out,
                "all capabilities are there; a security module (SELinux, AppArmor) may forbid it"
            );
        }
        out.write_str(&causes.join("; "))
    }
}

const OLDEST: (u32, u32) = (5, 10);

// linux: include/uapi/linux/capability.h
const NET_ADMIN: u32 = 12;
const NET_RAW: u32 = 13;
const SYS_ADMIN: u32 = 21;
const PERFMON: u32 = 38;
const BPF: u32 = 39;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "Name:\twgtraced\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n";
    const OWN_IDS: &str = "         0          0 4294967295\n";

    fn said(status: &str, uid_map: &str, lockdown: &str, release: &str) -> String {
        Circumstances::from_texts(status, uid_map, lockdown, release).to_string()
    }

    #[test]
    fn missing_capabilities_are_named() {
        let none = said("CapEff:\t0000000000000000\n", OWN_IDS, "", "6.1.0");
        for name in ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_NET_RAW"] {
            assert!(none.contains(name), "{none}");
        }
        let admin = said("CapEff:\t0000000000201000\n", OWN_IDS, "", "6.1.0");
        assert!(admin.contains("lacks CAP_NET_RAW:"), "{admin}");
    }

    #[test]
    fn each_hindrance_is_told() {
        assert!(said(ALL, "0 1000 1\n", "", "6.1.0").contains("user namespace"));
        assert!(
            said(ALL, OWN_IDS, "none integrity [confidentiality]\n", "6.1.0")
                .contains("mode confidentiality")
        );
        assert!(said("CapEff:\tffffffffffffffff\nSeccomp:\t2\n", OWN_IDS, "", "6.1.0").contains("seccomp"));
        assert!(said(ALL, OWN_IDS, "", "5.4.0-42-generic\n").contains("older than 5.10"));
    }

    #[test]
    fn without_hindrance_only_a_security_module_is_left() {
        for release in ["5.10.0-32-amd64", "6.18.44", "7.2-rc1", ""] {
            assert!(
                said(ALL, OWN_IDS, "[none] integrity confidentiality\n", release).contains("security module")
            );
        }
    }
}
