//! Why there is no ring.

use rustix::io::Errno;
use thiserror::Error;

use super::mapping::OpenError;

/// Why rings cannot be had, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RingError {
    /// A size that the kernel has no ring of.
    #[error("a ring of {pages} pages is not possible: choose a power of two from 1 to {most}, e.g. 64", most = super::MOST_PAGES)]
    Pages {
        /// Pages asked for.
        pages: u32,
    },
    /// A wake-up that never comes, or always.
    #[error(
        "a watermark of {watermark} bytes is not possible in a ring of {capacity}: choose from 1 to {capacity}, or leave it out"
    )]
    Watermark {
        /// Bytes asked for.
        watermark: u32,
        /// Bytes in a ring.
        capacity: u64,
    },
    /// No right to open perf events.
    #[error("perf_event_open for cpu {cpu} was refused ({errno}): {}", way_in(*.paranoid))]
    Forbidden {
        /// Where.
        cpu: u32,
        /// What the kernel said.
        errno: Errno,
        /// `kernel.perf_event_paranoid`, where it can be read.
        paranoid: Option<i32>,
    },
    /// Out of descriptors.
    #[error("no file descriptor left for the ring of cpu {cpu} ({errno}): one a CPU is needed; raise {}", files_limit(*.errno))]
    Files {
        /// Where.
        cpu: u32,
        /// What the kernel said.
        errno: Errno,
    },
    /// More locked memory than an unprivileged process may have.
    #[error("the ring of cpu {cpu} would lock {bytes} bytes, more than this process may: have CAP_IPC_LOCK, raise \
             kernel.perf_event_mlock_kb{} or RLIMIT_MEMLOCK, or ask for fewer pages", now_is(*.mlock_kb))]
    LockedMemory {
        /// Where.
        cpu: u32,
        /// Bytes of one ring.
        bytes: u64,
        /// `kernel.perf_event_mlock_kb`, where it can be read.
        mlock_kb: Option<i32>,
    },
    /// Out of memory.
    #[error("no memory for the ring of cpu {cpu} ({bytes} bytes): ask for fewer pages")]
    Memory {
        /// Where.
        cpu: u32,
        /// Bytes of one ring.
        bytes: u64,
    },
    /// A kernel without perf events.
    #[error(
        "this kernel offers no perf events to programs ({errno}): it needs CONFIG_PERF_EVENTS and CONFIG_BPF_EVENTS, \
             and a seccomp profile that allows perf_event_open"
    )]
    Unsupported {
        /// What the kernel said.
        errno: Errno,
    },
    /// The list of CPUs is missing or is none.
    #[error("cannot learn the CPUs from {file}: {reason}; is sysfs mounted")]
    Cpus {
        /// Where it should be.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No CPU had a ring to give.
    #[error("none of the online CPUs has a ring: each went offline while it was opened")]
    NoCpu,
    /// Anything else.
    #[error("{call} for the rings failed: {errno}")]
    Call {
        /// The system call.
        call: &'static str,
        /// What the kernel said.
        errno: Errno,
    },
}

impl RingError {
    /// What an error of opening the ring of `bytes` bytes on `cpu` means, given a way to read a sysctl of `kernel.`.
    pub(super) fn opening(
        error: OpenError,
        cpu: u32,
        bytes: u64,
        sysctl: impl Fn(&str) -> Option<i32>,
    ) -> Self {
        match error {
            OpenError::Event(errno @ (Errno::ACCESS | Errno::PERM)) => {
                Self::Forbidden { cpu, errno, paranoid: sysctl("perf_event_paranoid") }
            }
            // ENOENT: no such software event; EINVAL: an event type from after this kernel
            OpenError::Event(errno @ (Errno::NOSYS | Errno::NOENT | Errno::OPNOTSUPP | Errno::INVAL)) => {
                Self::Unsupported { errno }
            }
            OpenError::Event(errno) | OpenError::Map(errno)
                if matches!(errno, Errno::MFILE | Errno::NFILE) =>
            {
                Self::Files { cpu, errno }
            }
            OpenError::Map(Errno::PERM) => {
                Self::LockedMemory { cpu, bytes, mlock_kb: sysctl("perf_event_mlock_kb") }
            }
            OpenError::Event(Errno::NOMEM) | OpenError::Map(Errno::NOMEM) => Self::Memory { cpu, bytes },
            OpenError::Event(errno) => Self::Call { call: "perf_event_open", errno },
            OpenError::Map(errno) => Self::Call { call: "mmap", errno },
        }
    }
}

/// `kernel.NAME`, where it can be read.
pub(super) fn sysctl(name: &str) -> Option<i32> {
    std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?.trim().parse().ok()
}

fn way_in(paranoid: Option<i32>) -> String {
    match paranoid {
        // Debian's and Android's levels above the upstream 2
        Some(level @ 3..) => format!(
            "kernel.perf_event_paranoid is {level}, where CAP_PERFMON may not be enough: have CAP_SYS_ADMIN (run as root), \
             or set it to 2 and have CAP_PERFMON"
        ),
        Some(level) => format!(
            "kernel.perf_event_paranoid is {level}: have CAP_PERFMON or CAP_SYS_ADMIN (run as root); a seccomp profile of \
             the container may forbid it too"
        ),
        None => "have CAP_PERFMON or CAP_SYS_ADMIN (run as root); a seccomp profile of the container may forbid it too".into(),
    }
}

fn now_is(value: Option<i32>) -> String {
    value.map_or_else(String::new, |value| format!(" (now {value})"))
}

fn files_limit(errno: Errno) -> &'static str {
    if errno == Errno::NFILE { "fs.file-max" } else { "the limit on open files (ulimit -n, LimitNOFILE=)" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: OpenError, sysctl: Option<i32>) -> String {
        RingError::opening(error, 3, 262_144, |_| sysctl).to_string()
    }

    #[test]
    fn a_refusal_names_the_paranoid_level_and_the_capability() {
        let usual = said(OpenError::Event(Errno::ACCESS), Some(2));
        assert!(
            usual.contains("cpu 3")
                && usual.contains("perf_event_paranoid is 2")
                && usual.contains("CAP_PERFMON"),
            "{usual}"
        );
        let debian = said(OpenError::Event(Errno::ACCESS), Some(3));
        assert!(
            debian.contains("perf_event_paranoid is 3") && debian.contains("have CAP_SYS_ADMIN"),
            "{debian}"
        );
        assert!(said(OpenError::Event(Errno::PERM), None).contains("seccomp"));
    }

    #[test]
    fn each_shortage_names_its_own_limit() {
        assert!(said(OpenError::Event(Errno::MFILE), None).contains("ulimit -n"));
        assert!(said(OpenError::Event(Errno::NFILE), None).contains("fs.file-max"));
        assert!(said(OpenError::Map(Errno::PERM), Some(516)).contains("perf_event_mlock_kb (now 516)"));
        assert!(said(OpenError::Map(Errno::NOMEM), None).contains("fewer pages"));
        assert!(said(OpenError::Event(Errno::NOSYS), None).contains("CONFIG_PERF_EVENTS"));
    }
}
